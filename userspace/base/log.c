/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <re.h>

#include "base/log.h"

enum { ABOUT = 256 };

/* The state that the process has of its log */
static struct {
	enum log_level level;
	bool journal;
	bool colour;
	log_watch_h *watchh;
	void *watch_arg;
} logger = {.level = LOG_INFO};

/* What the thread is at */
static _Thread_local char about[ABOUT];

static const struct {
	const char *name;
	const char *text;
	const char *colour;
	int priority; /* of syslog(3), which sd-daemon(3) takes */
} levels[] = {
	[LOG_ERROR] = {"error", "ERROR", "\033[31m", 3},
	[LOG_WARN] = {"warning", "WARN ", "\033[33m", 4},
	[LOG_INFO] = {"info", "INFO ", "", 6},
	[LOG_DEBUG] = {"debug", "DEBUG", "\033[2m", 7},
};

/* The variable is inherited by whatever the service starts, stderr redirected
 * or not: only its numbers tell whether stderr is the journal */
static bool stderr_is_journal(void)
{
	const char *var = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;
	char *end;

	if (!var || fstat(STDERR_FILENO, &st))
		return false;

	dev = strtoull(var, &end, 10);
	if (*end != ':')
		return false;
	ino = strtoull(end + 1, &end, 10);

	return !*end && st.st_dev == dev && st.st_ino == ino;
}

void log_init(enum log_level level)
{
	logger.level = level;
	logger.journal = stderr_is_journal();
	logger.colour = !logger.journal && isatty(STDERR_FILENO) == 1;
}

int log_level_parse(enum log_level *level, const char *name)
{
	size_t i;

	if (!level || !name)
		return EINVAL;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!strcmp(levels[i].name, name)) {
			*level = (enum log_level)i;
			return 0;
		}
	}

	return EINVAL;
}

static void head(char *buf, size_t size, enum log_level level)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	if (logger.journal) {
		(void)snprintf(buf, size, "<%d>", levels[level].priority);
		return;
	}

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &tm))
		memset(&tm, 0, sizeof(tm));
	n = strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm);
	(void)snprintf(buf + n, size - n, ".%03ld %s%s%s ",
		       now.tv_nsec / 1000000,
		       logger.colour ? levels[level].colour : "",
		       levels[level].text, logger.colour ? "\033[0m" : "");
}

/* One message is one line, whatever a peer put into it: a line break would
 * let it forge the next line, an escape would reach the terminal */
static void clean(char *text)
{
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			*text = c == '\n' || c == '\t' ? ' ' : '?';
	}
}

static void print(enum log_level level, const char *fmt, va_list ap)
{
	char prefix[64], *text = NULL;
	log_watch_h *watchh;
	size_t len;

	if (level > logger.level)
		return;

	head(prefix, sizeof(prefix), level);

	if (re_vsdprintf(&text, fmt, ap))
		return;

	len = strlen(text);
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	clean(text);

	/* one write, so that lines of two threads do not mix */
	(void)fprintf(stderr, "%s%s\n", prefix, text);
	(void)fflush(stderr);
	watchh = __atomic_load_n(&logger.watchh, __ATOMIC_ACQUIRE);
	if (watchh)
		watchh(level, text, about, logger.watch_arg);
	mem_deref(text);
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(LOG_ERROR, fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(LOG_WARN, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(LOG_INFO, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(LOG_DEBUG, fmt, ap);
	va_end(ap);
}

void log_about(const char *callid, size_t n)
{
	n = callid ? min(n, sizeof(about) - 1) : 0;
	if (n)
		memcpy(about, callid, n);
	about[n] = '\0';
}

void log_watch(log_watch_h *h, void *arg)
{
	/* other threads may be logging: who sees h has to see what is its own */
	if (h)
		logger.watch_arg = arg;
	__atomic_store_n(&logger.watchh, h, __ATOMIC_RELEASE);
}
