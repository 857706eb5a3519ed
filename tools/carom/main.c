/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file main.c  carom: attach the fast path, and see what it does
 */
#include "carom.h"

int main(int argc, char *argv[])
{
	log_init(LOG_WARN);

	return cli_main(stdout, argc, argv);
}
