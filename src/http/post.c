/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and keys are kept in memory: the thread that sends may not be allowed to read
 * them, and libcurl wants them for each new connection.  The folder of authorities it opens
 * itself, which looks for one file by its name.
 */
#include "http/post.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "http/curl_lib.h"

#define FILE_MAX (16u << 20)
#define ANSWER_MAX (1u << 20)	/* of an answer that nobody asked for, before the connection ends */
#define GZIP_WINDOW (15 + 16)	/* zlib's way to say gzip */

struct http_post {
	struct http_post_options opt;
	struct curl_lib lib;
	struct http_files files;
	CURL *curl;			/* NULL: to be made */
	struct curl_slist *plain, *gzipped;	/* headers */
	z_stream z;
	bool compress, z_ready, refused_gzip;
	struct buf packed, answer, why;
	size_t answered;
	long status;			/* of the last answer */
	char detail[CURL_ERROR_SIZE];
};

/* ---- files --------------------------------------------------------------------------------- */

static void wipe(struct buf *b)
{
	if (b->p)
		explicit_bzero(b->p, b->cap);
	buf_fini(b);
}

void http_files_fini(struct http_files *f)
{
	buf_fini(&f->ca);
	buf_fini(&f->cert);
	wipe(&f->key);
}

static int read_all(int fd, struct buf *ret)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return S_ISDIR(st.st_mode) ? -EISDIR : S_ISREG(st.st_mode) ? -EFBIG : -EINVAL;
	buf_reserve_all(ret, (size_t)st.st_size + 2);	/* so that no copy of a key is left behind */
	while (ret->len < (size_t)st.st_size) {
		n = read(fd, ret->p + ret->len, (size_t)st.st_size - ret->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		ret->len += (size_t)n;
	}
	ret->p[ret->len] = '\0';
	return ret->len ? 0 : -ENODATA;
}

static int read_file(const char *option, const char *path, struct buf *ret, struct diag *d)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err = fd < 0 ? -errno : read_all(fd, ret);

	if (fd >= 0)
		close(fd);
	if (err) {
		wipe(ret);
		diag_set(d, "http_output.%s '%s': %s", option, path,
			 err == -ENODATA ? "it is empty" : file_error(err));
	}
	return err;
}

/* libcurl takes a URL without a scheme for one with http:// */
static bool is_https(const char *url)
{
	return !strncasecmp(url, "https://", 8);
}

int http_files_read(const struct http_post_options *opt, struct http_files *ret, struct diag *d)
{
	struct http_files f = { 0 };
	int err = 0;

	if (is_https(opt->url)) {
		if (!opt->insecure && opt->ca_file && *opt->ca_file)
			err = read_file("ca_cert or ca_bundle", opt->ca_file, &f.ca, d);
		if (!err && opt->client_cert)
			err = read_file("client_cert", opt->client_cert, &f.cert, d);
		if (!err && opt->client_key)
			err = read_file("client_key", opt->client_key, &f.key, d);
	}
	if (err)
		http_files_fini(&f);
	else
		*ret = f;
	return err;
}

/* Asked by the one who will look there. */
static int check_ca_path(const struct http_post_options *opt, struct diag *d)
{
	struct stat st;
	int err = 0;

	if (!is_https(opt->url) || opt->insecure || (opt->ca_file && *opt->ca_file))
		return 0;
	if (stat(opt->ca_path, &st))
		err = errno;
	else if (!S_ISDIR(st.st_mode))
		err = ENOTDIR;
	else if (faccessat(AT_FDCWD, opt->ca_path, X_OK, AT_EACCESS))
		err = errno;
	if (!err)
		return 0;
	return diag_set(d, "http_output.ca_path '%s', where certificate authorities are looked for: %s",
			opt->ca_path, strerror(err));
}

/* ---- the handle ----------------------------------------------------------------------------- */

static size_t on_answer(char *bytes, size_t size, size_t n, void *arg)
{
	struct http_post *p = arg;
	size_t len = size * n, room = HTTP_POST_ANSWER_MAX - p->answer.len;

	p->answered += len;
	if (p->opt.answer)
		buf_add(&p->answer, bytes, len < room ? len : room);
	return p->answered > ANSWER_MAX ? 0 : len;
}

#define SET(p, option, value) ((p)->lib.curl_easy_setopt((p)->curl, option, value))

static CURLcode set_blob(struct http_post *p, CURLoption blob, CURLoption file, const struct buf *b,
			 const char *path)
{
	struct curl_blob c = { .data = b->p, .len = b->len, .flags = CURL_BLOB_NOCOPY };
	CURLcode e = SET(p, blob, &c);

	/* a TLS library that takes files only: it will need the right to read them */
	return e == CURLE_UNKNOWN_OPTION || e == CURLE_NOT_BUILT_IN ? SET(p, file, path) : e;
}

static CURLcode set_client(struct http_post *p)
{
	CURLcode e = CURLE_OK;

	if (p->files.cert.len)
		e = set_blob(p, CURLOPT_SSLCERT_BLOB, CURLOPT_SSLCERT, &p->files.cert, p->opt.client_cert);
	if (!e && p->files.key.len)
		e = set_blob(p, CURLOPT_SSLKEY_BLOB, CURLOPT_SSLKEY, &p->files.key, p->opt.client_key);
	/* nobody is there to type a password; OpenSSL would ask on the terminal */
	return e ? e : SET(p, CURLOPT_KEYPASSWD, "");
}

/* Only the authorities that are configured count, not also those that libcurl was built with. */
static CURLcode set_tls(struct http_post *p)
{
	long peer = !p->opt.insecure, host = p->opt.insecure ? 0 : 2;
	CURLcode e = SET(p, CURLOPT_SSL_VERIFYPEER, peer);

	if (!e)
		e = SET(p, CURLOPT_SSL_VERIFYHOST, host);
	if (!e)
		e = SET(p, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!e)
		e = SET(p, CURLOPT_CAINFO, NULL);
	if (!e)
		e = SET(p, CURLOPT_CAPATH, p->files.ca.len ? NULL : p->opt.ca_path);
	if (!e && p->files.ca.len)
		e = set_blob(p, CURLOPT_CAINFO_BLOB, CURLOPT_CAINFO, &p->files.ca, p->opt.ca_file);
	return e ? e : set_client(p);
}

/* A URL must not make libcurl read files or speak to mail servers. */
static CURLcode set_protocols(struct http_post *p)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	CURLcode e = SET(p, CURLOPT_PROTOCOLS_STR, "http,https");

	if (e != CURLE_UNKNOWN_OPTION)
		return e;
#endif
	/* CURLOPT_PROTOCOLS, which newer headers warn of */
	return SET(p, (CURLoption)(CURLOPTTYPE_LONG + 181), (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
}

static CURLcode set_all(struct http_post *p)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },	/* signals are the event loop's */
		{ CURLOPT_POST, 1 },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
		{ CURLOPT_TIMEOUT_MS, (long)p->opt.timeout_ms },
		{ CURLOPT_TCP_KEEPALIVE, p->opt.keep_alive },
	};
	CURLcode e = SET(p, CURLOPT_URL, p->opt.url);

	for (u32 i = 0; i < ARRAY_SIZE(numbers) && !e; i++)
		e = SET(p, numbers[i].option, numbers[i].value);
	if (!e)
		e = SET(p, CURLOPT_USERAGENT, p->opt.user_agent);
	if (!e)
		e = SET(p, CURLOPT_ERRORBUFFER, p->detail);
	if (!e)
		e = SET(p, CURLOPT_WRITEFUNCTION, on_answer);
	if (!e)
		e = SET(p, CURLOPT_WRITEDATA, p);
#if LIBCURL_VERSION_NUM >= 0x075700
	SET(p, CURLOPT_QUICK_EXIT, 1L);		/* a name server that hangs is not waited for */
#endif
	if (!e)
		e = set_protocols(p);
	return e ? e : set_tls(p);
}

static void close_handle(struct http_post *p)
{
	if (p->curl)
		p->lib.curl_easy_cleanup(p->curl);
	p->curl = NULL;
}

static CURLcode open_handle(struct http_post *p)
{
	CURLcode e;

	if (p->curl)
		return CURLE_OK;
	p->curl = p->lib.curl_easy_init();
	e = p->curl ? set_all(p) : CURLE_OUT_OF_MEMORY;
	if (e)
		close_handle(p);
	return e;
}

static void add_header(struct http_post *p, struct curl_slist **list, const char *name, const char *value)
{
	struct buf line = { 0 };
	struct curl_slist *more;

	buf_addf(&line, "%s:%s%s", name, *value ? " " : "", value);
	more = p->lib.curl_slist_append(*list, buf_str(&line));
	buf_fini(&line);
	if (more)
		*list = more;
}

static struct curl_slist *make_headers(struct http_post *p, bool gzipped)
{
	struct curl_slist *list = NULL;

	add_header(p, &list, "Content-Type", p->opt.type);
	add_header(p, &list, "Expect", "");	/* else long texts wait for a "100 Continue" */
	if (gzipped)
		add_header(p, &list, "Content-Encoding", "gzip");
	return list;
}

int http_post_new(const struct http_post_options *opt, struct http_files *files,
		  struct http_post **ret, struct diag *d)
{
	struct http_post *p = xcalloc(1, sizeof(*p));
	int err = check_ca_path(opt, d);
	CURLcode e;

	p->opt = *opt;
	if (!err)
		err = curl_lib_load(&p->lib, d);
	if (err) {
		free(p);
		return err;
	}
	p->files = *files;
	p->plain = make_headers(p, false);
	p->gzipped = make_headers(p, true);
	p->compress = opt->compress;
	e = open_handle(p);
	if (e) {
		diag_set(d, "libcurl does not take the options: %s", p->lib.curl_easy_strerror(e));
		p->files = (struct http_files){ 0 };	/* not moved */
		http_post_free(p);
		return -EINVAL;
	}
	*files = (struct http_files){ 0 };
	*ret = p;
	return 0;
}

void http_post_free(struct http_post *p)
{
	if (!p)
		return;
	close_handle(p);
	p->lib.curl_slist_free_all(p->plain);
	p->lib.curl_slist_free_all(p->gzipped);
	if (p->z_ready)
		deflateEnd(&p->z);
	http_files_fini(&p->files);
	buf_fini(&p->packed);
	buf_fini(&p->answer);
	buf_fini(&p->why);
	free(p);
}

int http_post_renew(struct http_post *p, struct diag *d)
{
	struct http_files files = { 0 };
	int err = http_files_read(&p->opt, &files, d);

	close_handle(p);
	p->compress = p->opt.compress;
	if (err)
		return err;
	http_files_fini(&p->files);
	p->files = files;
	return check_ca_path(&p->opt, d);
}

/* ---- sending ----------------------------------------------------------------------------------- */

/* Into .packed; false: it goes as it is. */
static bool pack(struct http_post *p, const char *body, size_t len)
{
	if (!p->compress || len > UINT32_MAX)
		return false;
	if (!p->z_ready && deflateInit2(&p->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY))
		return false;
	p->z_ready = true;
	deflateReset(&p->z);
	buf_clear(&p->packed);
	buf_reserve(&p->packed, deflateBound(&p->z, len) + 1);
	p->z.next_in = (Bytef *)body;
	p->z.avail_in = (u32)len;
	p->z.next_out = (Bytef *)p->packed.p;
	p->z.avail_out = (u32)(p->packed.cap - 1);
	if (deflate(&p->z, Z_FINISH) != Z_STREAM_END)
		return false;
	p->packed.len = p->z.total_out;
	return true;
}

static int curl_failed(struct http_post *p, CURLcode e)
{
	const char *words = p->lib.curl_easy_strerror(e);

	buf_clear(&p->why);
	buf_addf(&p->why, "libcurl failed to perform call: %s", words);
	if (p->detail[0] && strcmp(p->detail, words))
		buf_addf(&p->why, " (%s)", p->detail);
	return e == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EIO;
}

static CURLcode perform(struct http_post *p, const char *body, size_t len, struct curl_slist *headers)
{
	CURLcode e = open_handle(p);

	p->detail[0] = '\0';
	p->status = 0;
	p->answered = 0;
	buf_clear(&p->answer);
	if (!e)
		e = SET(p, CURLOPT_HTTPHEADER, headers);
	if (!e)
		e = SET(p, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	if (!e)
		e = SET(p, CURLOPT_POSTFIELDS, body);
	if (!e)
		e = p->lib.curl_easy_perform(p->curl);
	if (p->curl)
		p->lib.curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &p->status);
	/* it was cut here, and began well */
	return e == CURLE_WRITE_ERROR && p->answered > ANSWER_MAX ? CURLE_OK : e;
}

static int send_as(struct http_post *p, const char *body, size_t len, struct curl_slist *headers)
{
	CURLcode e = perform(p, body, len, headers);

	if (p->opt.answer && p->answer.len)
		p->opt.answer(p->answer.p, p->answer.len);
	if (e)
		return curl_failed(p, e);
	if (p->status >= 200 && p->status < 300)
		return 0;
	buf_clear(&p->why);
	buf_addf(&p->why, "the server answered %ld", p->status);
	return -EREMOTEIO;
}

/* What servers say that take the bytes for damaged text, or know that they do not know gzip. */
static bool may_be_for_gzip(long status)
{
	return status == 400 || status == 415 || status == 422 || status == 501;
}

int http_post_send(struct http_post *p, const char *body, size_t len)
{
	int err;

	if (!pack(p, body, len))
		return send_as(p, body, len, p->plain);
	err = send_as(p, p->packed.p, p->packed.len, p->gzipped);
	if (!err || !may_be_for_gzip(p->status))
		return err;
	err = send_as(p, body, len, p->plain);
	if (!err) {
		p->compress = false;
		p->refused_gzip = true;
	}
	return err;
}

const char *http_post_why(const struct http_post *p)
{
	return p->why.len ? p->why.p : "";
}

bool http_post_was_refused_gzip(struct http_post *p)
{
	bool was = p->refused_gzip;

	p->refused_gzip = false;
	return was;
}
