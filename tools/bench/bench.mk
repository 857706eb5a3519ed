# SPDX-License-Identifier: BSD-2-Clause
# The benchmark's own programs, into build/bench. Called by tools/bench/run:
#   make -f tools/bench/bench.mk bench-programs
include Makefile

BENCH := build/bench
BENCH_BPF := $(patsubst tools/bench/%.bpf.c,$(BENCH)/%.bpf.o, \
	       $(wildcard tools/bench/*.bpf.c))
BENCH_COMMON := $(addprefix tools/bench/,common.c frame.c object.c sink.c)
BENCH_BINS := $(addprefix $(BENCH)/bench-,xdp lat load legs sip edge call keys codec opus \
	loop store register)
$(BENCH)/bench-sip $(BENCH)/bench-call: $(call obj,tools/bench/sipmsg.c)
$(BENCH)/bench-register: $(call obj,tools/bench/regmsg.c)
$(BENCH)/bench-legs $(BENCH)/bench-loop: $(call obj,tools/bench/ends.c)
$(BENCH)/bench-load $(BENCH)/bench-opus: $(call obj,tools/bench/speech.c)
$(BENCH)/bench-keys: $(call obj,$(filter userspace/dispatch/% userspace/base/%, \
	$(ROOM_SRCS)))

.PHONY: bench-programs
bench-programs: $(BENCH_BPF) $(BENCH_BINS)

$(BENCH)/%.bpf.o: tools/bench/%.bpf.c tools/bench/bench.h
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itools/bench -c -o $@ $<

$(BENCH_BINS): $(BENCH)/bench-%: $(call obj,tools/bench/%.c $(BENCH_COMMON))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BENCH)/bench-legs $(BENCH)/bench-edge: $(call obj,$(filter userspace/fastpath/% \
	userspace/base/%,$(ROOM_SRCS)))
$(BENCH)/bench-loop: $(call obj,$(filter userspace/plane/% userspace/fastpath/% \
	userspace/base/%,$(ROOM_SRCS)))
$(BENCH)/bench-store: $(call obj,$(filter userspace/store/% userspace/base/%,$(ROOM_SRCS)))
$(BENCH)/bench-load: $(call obj,$(filter userspace/secure/srtp%,$(ROOM_SRCS)))

# ffmpeg's G.722 is measured too where it is there to be compiled against
ifeq ($(shell $(PKGCONF) --exists libavcodec libavutil && echo yes),yes)
$(BENCH)/bench-codec: LDLIBS += -lavcodec -lavutil
$(call obj,tools/bench/codec.c): CPPFLAGS += -DHAVE_AVCODEC
endif
$(BENCH)/bench-codec: $(call obj,$(filter userspace/audio/%,$(ROOM_SRCS)))
