/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "store/queue.h"

static void job_destructor(void *data)
{
	struct job *job = data;

	list_unlink(&job->le);
}

static char *copy(char *to, struct pl *pl)
{
	if (!pl->p)
		return to;
	memcpy(to, pl->p, pl->l);
	pl->p = to;

	return to + pl->l;
}

/* A kind is most often that of the operation before */
static bool same_kind(const struct store_op *opv, size_t i)
{
	return i && !strcmp(opv[i - 1].kind, opv[i].kind);
}

int job_alloc(struct job **jp, const struct store_op *opv, size_t opc,
	      store_done_h *h, void *arg)
{
	size_t n = sizeof(struct job) + opc * sizeof(*opv);
	struct job *job;
	char *p;

	for (size_t i = 0; i < opc; i++) {
		if (!same_kind(opv, i))
			n += strlen(opv[i].kind) + 1;
		n += opv[i].key.l + opv[i].value.l;
	}
	job = mem_alloc(n, job_destructor);
	if (!job)
		return ENOMEM;
	memset(job, 0, sizeof(*job));
	job->h = h;
	job->arg = arg;
	job->opc = opc;
	memcpy(job->opv, opv, opc * sizeof(*opv));

	p = (char *)&job->opv[opc];
	for (size_t i = 0; i < opc; i++) {
		struct store_op *op = &job->opv[i];

		if (same_kind(opv, i)) {
			op->kind = op[-1].kind;
		} else {
			const size_t len = strlen(opv[i].kind) + 1;

			op->kind = memcpy(p, opv[i].kind, len);
			p += len;
		}
		if (!op->key.p)
			op->key.p = "";
		p = copy(p, &op->key);
		p = copy(p, &op->value);
	}
	*jp = job;

	return 0;
}
