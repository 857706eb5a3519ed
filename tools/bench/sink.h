/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the sink's program and who reads it agree on */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#define SINK_PORTS 65536
#define SINK_BINS 20000 /* us: speech has its next packet behind that */

#endif
