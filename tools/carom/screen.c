/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file screen.c  A terminal that is drawn over and over
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <re.h>
#include "screen.h"

/* Alternate screen, no cursor, no wrapping: a long line is one line */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[H\033[2J"
#define LEAVE "\033[?7h\033[?25h\033[?1049l"

struct screen {
	struct termios saved;
	sigset_t mask; /* as it was */
	int sigfd;
	bool full, raw;
};

static void put(const char *s, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, s, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		s += n;
		len -= (size_t)n;
	}
}

static void screen_destructor(void *arg)
{
	struct screen *s = arg;

	if (s->full)
		put(LEAVE, strlen(LEAVE));
	if (s->raw)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &s->saved);
	if (s->sigfd >= 0) {
		(void)close(s->sigfd);
		(void)sigprocmask(SIG_SETMASK, &s->mask, NULL);
	}
}

/* Signals come as data: no handler, nothing to clean up in one. A stopped
 * program would leave its alternate screen to the shell: SIGTSTP is held. */
static int take_signals(struct screen *s)
{
	static const int sigv[] = {SIGINT,   SIGTERM, SIGHUP,
				   SIGWINCH, SIGTSTP, SIGPIPE};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(sigv); i++)
		sigaddset(&set, sigv[i]);

	if (sigprocmask(SIG_BLOCK, &set, &s->mask))
		return errno;

	sigdelset(&set, SIGTSTP);
	s->sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->sigfd >= 0)
		return 0;

	(void)sigprocmask(SIG_SETMASK, &s->mask, NULL);

	return errno;
}

int screen_alloc(struct screen **sp, bool full)
{
	struct screen *s = mem_zalloc(sizeof(*s), screen_destructor);
	struct termios raw;
	int err;

	if (!s)
		return ENOMEM;

	s->sigfd = -1;

	err = take_signals(s);
	if (err)
		goto out;

	if (full && !tcgetattr(STDIN_FILENO, &s->saved)) {
		raw = s->saved;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		s->raw = !tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
	}

	s->full = full;
	if (full)
		put(ENTER, strlen(ENTER));

out:
	if (err)
		mem_deref(s);
	else
		*sp = s;

	return err;
}

void screen_size(const struct screen *s, unsigned *rows, unsigned *cols)
{
	struct winsize ws;

	*rows = *cols = 0;

	if (!s->full || ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws))
		return;

	*rows = ws.ws_row;
	*cols = ws.ws_col;
}

void screen_draw(struct screen *s, const char *text)
{
	unsigned rows, cols, line = 0;

	if (!s->full) {
		put(text, strlen(text));
		return;
	}

	screen_size(s, &rows, &cols);

	/* over the old lines, not after a clear: nothing flickers */
	put("\033[H", 3);

	while (*text && (!rows || line < rows)) {
		size_t n = strcspn(text, "\n");

		if (line++)
			put("\r\n", 2);
		put(text, n);
		put("\033[K", 3);
		text += n + (text[n] == '\n');
	}

	put("\033[J", 3);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static bool quit_key(void)
{
	char c;

	switch (read(STDIN_FILENO, &c, 1)) {
	case 1:
		return c == 'q' || c == 'Q' || c == 4;
	case 0:
		return true; /* the terminal is gone */
	default:
		return errno != EINTR && errno != EAGAIN;
	}
}

enum screen_event screen_wait(struct screen *s, unsigned ms)
{
	uint64_t end = now_ms() + ms, now;

	while ((now = now_ms()) < end) {
		struct pollfd pv[2] = {
			{.fd = s->sigfd, .events = POLLIN},
			{.fd = s->raw ? STDIN_FILENO : -1, .events = POLLIN},
		};
		struct signalfd_siginfo si;

		if (poll(pv, 2, (int)(end - now)) < 0 && errno != EINTR)
			return SCREEN_QUIT;

		if (pv[0].revents & POLLIN &&
		    read(s->sigfd, &si, sizeof(si)) == sizeof(si))
			return si.ssi_signo == SIGWINCH ? SCREEN_RESIZE
							: SCREEN_QUIT;

		if (pv[1].revents && quit_key())
			return SCREEN_QUIT;
	}

	return SCREEN_TICK;
}
