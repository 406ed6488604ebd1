/* SPDX-License-Identifier: Apache-2.0 */
/* What does not change while the sensor runs: the machine, the files it was started with. */
#ifndef SAKER_APP_FACTS_H
#define SAKER_APP_FACTS_H

#include "app/config.h"

struct fact_file {
	const char *name;	/* without folders */
	char sha256[65];
};

struct fact_interface {
	char name[20];
	struct buf ipv4, ipv6;	/* addresses, separated by commas */
};

struct facts {
	const char *hostname, *engine;	/* Falco's name of the source */
	char kernel[72];
	u64 start_ns, start_mono_ns, boot_ns;
	u64 ncpus;
	VEC(struct fact_file) rules_files, config_files;
	VEC(struct fact_interface) interfaces;
};

/*
 * Before privileges are given up: files are read here.  hostname and the strings of c and files are
 * borrowed.
 */
void facts_init(struct facts *f, const char *hostname);
/* Their hashes; what cannot be read is left out. */
void facts_add_files(struct facts *f, const struct config *c, const struct strlist *rules_files);
void facts_fini(struct facts *f);
/* engine.kind of an open capture -> what Falco calls it. */
const char *facts_engine(const char *kind);

#endif
