/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes "container" and "k8s".  Nobody asks a container runtime yet: everything counts
 * as running on the host, so that rules which name these fields load and work there.
 */
#include "field/getter.h"

GETTER(get_id)
{
	(void)f;
	return x->ev->thread && set_str(ret, "host", 4);
}

GETTER(get_nothing)
{
	(void)x, (void)f, (void)ret;
	return false;
}

static const struct field container_rows[] = {
	{ .name = "container.id", .type = PT_CHARBUF, .flags = FF_SUGGESTED, .get = get_id,
	  .help = "First 12 characters of the container's id; host for what runs outside of containers." },
	{ .name = "container.full_id", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Full id of the container." },
	{ .name = "container.name", .type = PT_CHARBUF, .flags = FF_SUGGESTED, .get = get_nothing,
	  .help = "Name of the container." },
	{ .name = "container.image", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Image the container was made from, as name and tag." },
	{ .name = "container.image.id", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Id of the image." },
	{ .name = "container.type", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Runtime of the container, such as docker or containerd." },
	{ .name = "container.privileged", .type = PT_BOOL, .get = get_nothing,
	  .help = "True for a privileged container." },
	{ .name = "container.mounts", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "All mounts, each as source:destination:mode:writable:propagation." },
	{ .name = "container.mount", .type = PT_CHARBUF, .flags = FF_ARG_REQUIRED | FF_ARG_INDEX | FF_ARG_KEY, .get = get_nothing,
	  .help = "One mount, by number or by a pattern for its source." },
	{ .name = "container.mount.source", .type = PT_CHARBUF, .flags = FF_ARG_REQUIRED | FF_ARG_INDEX | FF_ARG_KEY, .get = get_nothing,
	  .help = "Source of a mount, by number or by a pattern for its destination." },
	{ .name = "container.mount.dest", .type = PT_CHARBUF, .flags = FF_ARG_REQUIRED | FF_ARG_INDEX | FF_ARG_KEY, .get = get_nothing,
	  .help = "Destination of a mount, by number or by a pattern for its source." },
	{ .name = "container.mount.mode", .type = PT_CHARBUF, .flags = FF_ARG_REQUIRED | FF_ARG_INDEX | FF_ARG_KEY, .get = get_nothing,
	  .help = "Mode of a mount, by number or by a pattern for its source." },
	{ .name = "container.mount.rdwr", .type = PT_CHARBUF, .flags = FF_ARG_REQUIRED | FF_ARG_INDEX | FF_ARG_KEY, .get = get_nothing,
	  .help = "Whether a mount is writable, by number or by a pattern for its source." },
	{ .name = "container.mount.propagation", .type = PT_CHARBUF, .flags = FF_ARG_REQUIRED | FF_ARG_INDEX | FF_ARG_KEY, .get = get_nothing,
	  .help = "Propagation of a mount, by number or by a pattern for its source." },
	{ .name = "container.image.repository", .type = PT_CHARBUF, .flags = FF_SUGGESTED, .get = get_nothing,
	  .help = "Image name without tag." },
	{ .name = "container.image.tag", .type = PT_CHARBUF, .flags = FF_SUGGESTED, .get = get_nothing,
	  .help = "Tag of the image." },
	{ .name = "container.image.digest", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Digest of the image." },
	{ .name = "container.healthcheck", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "container.liveness_probe", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "container.readiness_probe", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "container.start_ts", .type = PT_ABSTIME, .fmt = PF_DEC, .get = get_nothing,
	  .help = "Start of the container in nanoseconds since 1970." },
	{ .name = "container.duration", .type = PT_RELTIME, .fmt = PF_DEC, .get = get_nothing,
	  .help = "Nanoseconds since the container started." },
	{ .name = "container.ip", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "First address of the container." },
	{ .name = "container.cni.json", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Network set-up of the container as JSON." },
	{ .name = "container.host_pid", .type = PT_BOOL, .get = get_nothing,
	  .help = "True when it uses the host's pid namespace." },
	{ .name = "container.host_network", .type = PT_BOOL, .get = get_nothing,
	  .help = "True when it uses the host's network namespace." },
	{ .name = "container.host_ipc", .type = PT_BOOL, .get = get_nothing,
	  .help = "True when it uses the host's ipc namespace." },
	{ .name = "container.label", .type = PT_CHARBUF, .flags = FF_ARG_REQUIRED | FF_ARG_KEY, .get = get_nothing,
	  .help = "One label, as in container.label[app]." },
	{ .name = "container.labels", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "All labels." },
};

const struct field_class field_class_container = {
	.name = "container",
	.desc = "",
	.help = "The container an event happened in.",
	.source = "syscall",
	.rows = container_rows,
	.n = ARRAY_SIZE(container_rows),
};

static const struct field container_proc_rows[] = {
	{ .name = "proc.is_container_healthcheck", .type = PT_BOOL, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "proc.is_container_liveness_probe", .type = PT_BOOL, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "proc.is_container_readiness_probe", .type = PT_BOOL, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
};

const struct field_class field_class_container_proc = {
	.name = "process",
	.desc = "",
	.help = "What a container runtime starts on its own account.",
	.source = "syscall",
	.rows = container_proc_rows,
	.n = ARRAY_SIZE(container_proc_rows),
};

static const struct field k8s_rows[] = {
	{ .name = "k8s.pod.name", .type = PT_CHARBUF, .flags = FF_SUGGESTED, .get = get_nothing,
	  .help = "Name of the pod." },
	{ .name = "k8s.ns.name", .type = PT_CHARBUF, .flags = FF_SUGGESTED, .get = get_nothing,
	  .help = "Namespace of the pod." },
	{ .name = "k8s.pod.id", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Id of the pod." },
	{ .name = "k8s.pod.uid", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Uid of the pod." },
	{ .name = "k8s.pod.sandbox_id", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "First 12 characters of the sandbox id." },
	{ .name = "k8s.pod.full_sandbox_id", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Id of the sandbox the pod lives in." },
	{ .name = "k8s.pod.label", .type = PT_CHARBUF, .flags = FF_ARG_REQUIRED | FF_ARG_KEY, .get = get_nothing,
	  .help = "One label of the pod, as in k8s.pod.label[app]." },
	{ .name = "k8s.pod.labels", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "All labels of the pod." },
	{ .name = "k8s.pod.ip", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Address of the pod." },
	{ .name = "k8s.pod.cni.json", .type = PT_CHARBUF, .get = get_nothing,
	  .help = "Network set-up of the pod as JSON." },
	{ .name = "k8s.rc.name", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.rc.id", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.rc.label", .type = PT_CHARBUF, .flags = FF_DEPRECATED | FF_ARG_REQUIRED | FF_ARG_KEY, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.rc.labels", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.svc.name", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.svc.id", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.svc.label", .type = PT_CHARBUF, .flags = FF_DEPRECATED | FF_ARG_REQUIRED | FF_ARG_KEY, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.svc.labels", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.ns.id", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.ns.label", .type = PT_CHARBUF, .flags = FF_DEPRECATED | FF_ARG_REQUIRED | FF_ARG_KEY, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.ns.labels", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.rs.name", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.rs.id", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.rs.label", .type = PT_CHARBUF, .flags = FF_DEPRECATED | FF_ARG_REQUIRED | FF_ARG_KEY, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.rs.labels", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.deployment.name", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.deployment.id", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.deployment.label", .type = PT_CHARBUF, .flags = FF_DEPRECATED | FF_ARG_REQUIRED | FF_ARG_KEY, .get = get_nothing,
	  .help = "No value." },
	{ .name = "k8s.deployment.labels", .type = PT_CHARBUF, .flags = FF_DEPRECATED, .get = get_nothing,
	  .help = "No value." },
};

const struct field_class field_class_k8s = {
	.name = "k8s",
	.desc = "",
	.help = "The Kubernetes pod an event happened in.",
	.source = "syscall",
	.rows = k8s_rows,
	.n = ARRAY_SIZE(k8s_rows),
};
