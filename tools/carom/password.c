/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file password.c  A password from standard input
 */
#include <termios.h>
#include <unistd.h>
#include "carom.h"
#include "password.h"

static int read_line(char line[PASSWORD])
{
	size_t n;

	if (!fgets(line, PASSWORD, stdin))
		return ENODATA;
	n = strlen(line);
	if (n && line[n - 1] == '\n')
		line[--n] = '\0';
	else if (n == PASSWORD - 1)
		return EMSGSIZE;
	return n ? 0 : ENODATA;
}

/* From a terminal it is asked for twice, unseen */
static int ask_twice(char line[PASSWORD])
{
	struct termios was, silent;
	char again[PASSWORD];
	int err;

	if (tcgetattr(STDIN_FILENO, &was))
		return errno;
	silent = was;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	fprintf(stderr, "Password: ");
	err = read_line(line);
	fprintf(stderr, "\nOnce more: ");
	if (!err)
		err = read_line(again);
	fprintf(stderr, "\n");
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	if (!err && strcmp(line, again) != 0)
		err = EKEYREJECTED;
	explicit_bzero(again, sizeof(again));
	return err;
}

int password_read(char line[PASSWORD], const char *who)
{
	const int err = isatty(STDIN_FILENO) ? ask_twice(line)
					     : read_line(line);

	if (err == ENODATA)
		cli_error("%s: no password; it is read from standard input",
			  who);
	else if (err == EMSGSIZE)
		cli_error("%s: the password has more than %d bytes", who,
			  PASSWORD - 2);
	else if (err == EKEYREJECTED)
		cli_error("%s: the two are not the same", who);
	else if (err)
		cli_error("%s: %m", who, err);
	return err;
}
