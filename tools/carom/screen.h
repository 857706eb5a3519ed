/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file screen.h  A terminal that is drawn over and over
 */
#ifndef CAROM_SCREEN_H
#define CAROM_SCREEN_H

#include <stdbool.h>
#include "table.h"

struct screen;

enum screen_event { SCREEN_TICK = 0, SCREEN_RESIZE, SCREEN_QUIT };

/**
 * Take the signals; on a terminal, its alternate screen as well. The terminal
 * is put back by mem_deref.
 *
 * @param sp    Pointer to the object (mem_deref when done)
 * @param full  Draw full screens: both stdin and stdout are a terminal
 */
int screen_alloc(struct screen **sp, bool full);

/** Rows and columns now; 0 without a terminal */
void screen_size(const struct screen *s, unsigned *rows, unsigned *cols);

/** Draw text from the top; lines that do not fit are left out */
void screen_draw(struct screen *s, const char *text);

/** Wait until ms have gone by, the size changes, or somebody wants to quit */
enum screen_event screen_wait(struct screen *s, unsigned ms);

#endif
