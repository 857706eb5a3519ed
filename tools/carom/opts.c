/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file opts.c  Tables of options
 */
#include <getopt.h>
#include <math.h>
#include "carom.h"

enum { OPT_MAX = 32, LONG_BASE = 256 };

static bool has_arg(const struct opt *o)
{
	return o->type != OPT_FLAG;
}

static bool in_words(const char *words, const char *s)
{
	size_t len = strlen(s);

	while (len && *words) {
		size_t n = strcspn(words, "|");

		if (n == len && !strncmp(words, s, n))
			return true;

		words += n + (words[n] == '|');
	}

	return false;
}

static bool number(const struct opt *o, const char *s, double *v)
{
	char *end;

	/* strtod would take "inf", "nan", "0x10" and blanks in front */
	if (s[strspn(s, "0123456789.")] || !*s)
		return false;

	errno = 0;
	*v = strtod(s, &end);

	if (*end || errno || *v < o->min || *v > o->max)
		return false;

	return o->type != OPT_U32 || floor(*v) == *v;
}

static int store(const struct opt *o, void *obj, const char *arg, char *errmsg,
		 size_t size)
{
	char *p = (char *)obj + o->off;
	double v;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)p = true;
		return 0;

	case OPT_WORD:
		if (!in_words(o->arg, arg)) {
			(void)snprintf(errmsg, size,
				       "--%s %s: must be one of %s", o->name,
				       arg, o->arg);
			return EINVAL;
		}
		/* fall through */
	case OPT_STR:
		*(const char **)p = arg;
		return 0;

	case OPT_U32:
	case OPT_SECONDS:
		if (!number(o, arg, &v)) {
			(void)snprintf(errmsg, size,
				       "--%s %s: must be a %s from %g to %.10g",
				       o->name, arg,
				       o->type == OPT_U32 ? "whole number"
							  : "number of seconds",
				       o->min, o->max);
			return EINVAL;
		}
		if (o->type == OPT_U32)
			*(uint32_t *)p = (uint32_t)v;
		else
			*(double *)p = v;
		return 0;
	}

	return EINVAL;
}

/** Both tables as getopt_long() wants them */
struct getopts {
	struct option longv[OPT_MAX + 1];
	const struct opt *optv[OPT_MAX];
	void *objv[OPT_MAX];
	char shortv[3 * OPT_MAX];
	size_t n;
};

static void add(struct getopts *g, const struct opt *o, void *obj)
{
	size_t len = strlen(g->shortv);

	for (; o && o->name && g->n < OPT_MAX; o++, g->n++) {
		g->longv[g->n].name = o->name;
		g->longv[g->n].has_arg = has_arg(o);
		g->longv[g->n].val = LONG_BASE + (int)g->n;
		g->optv[g->n] = o;
		g->objv[g->n] = obj;

		if (!o->key)
			continue;

		g->shortv[len++] = o->key;
		if (has_arg(o))
			g->shortv[len++] = ':';
	}
}

static int find(const struct getopts *g, int c)
{
	if (c >= LONG_BASE)
		return c - LONG_BASE;

	for (size_t i = 0; i < g->n; i++) {
		if (c && g->optv[i]->key == c)
			return (int)i;
	}

	return -1;
}

static void complain(const struct getopts *g, int c, char **argv, char *errmsg,
		     size_t size)
{
	int i = find(g, optopt);

	if (c == ':' && i >= 0)
		(void)snprintf(errmsg, size, "--%s needs an argument: %s",
			       g->optv[i]->name, g->optv[i]->arg);
	else if (i >= 0)
		(void)snprintf(errmsg, size, "--%s takes no argument",
			       g->optv[i]->name);
	else if (optopt)
		(void)snprintf(errmsg, size, "unknown option -%c", optopt);
	else
		(void)snprintf(errmsg, size, "unknown option %s",
			       argv[optind - 1]);
}

int opts_parse(const struct opt *shared, void *cli, const struct opt *own,
	       void *cfg, int argc, char **argv, bool stop, int *next,
	       char *errmsg, size_t size)
{
	struct getopts g;
	int c, err = 0;

	memset(&g, 0, sizeof(g));
	str_ncpy(g.shortv, stop ? "+:" : ":", sizeof(g.shortv));
	add(&g, own, cfg);
	add(&g, shared, cli);

	optind = 0; /* glibc: start afresh */
	opterr = 0;

	while (!err &&
	       (c = getopt_long(argc, argv, g.shortv, g.longv, NULL)) != -1) {
		int i = (c == '?' || c == ':') ? -1 : find(&g, c);

		if (i < 0) {
			complain(&g, c, argv, errmsg, size);
			err = EINVAL;
			break;
		}

		err = store(g.optv[i], g.objv[i], optarg, errmsg, size);
	}

	*next = optind;

	return err;
}

void opts_help(FILE *f, const struct opt *optv)
{
	for (const struct opt *o = optv; o && o->name; o++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "%c%c%s--%s%s%s",
			       o->key ? '-' : ' ', o->key ? o->key : ' ',
			       o->key ? ", " : "  ", o->name,
			       has_arg(o) ? " " : "", has_arg(o) ? o->arg : "");
		fprintf(f, "  %-26s %s\n", left, o->help);
	}
}
