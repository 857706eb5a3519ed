# SPDX-License-Identifier: BSD-2-Clause
# How objects, skeletons and programs are built. Sources are found by
# wildcard: a new file in a room needs no line here.

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
endif

BPFDIR := build/bpf
B := build
ifeq ($(SAN),1)
B := build/san
SANFLAGS := -fsanitize=address,undefined -fno-omit-frame-pointer \
	    -fno-sanitize-recover=undefined
endif
BIN := $(B)/bin

CC       ?= gcc
CLANG    ?= clang
BPFTOOL  ?= $(shell PATH="$$PATH:/usr/sbin:/sbin" command -v bpftool)
STRIP    ?= llvm-strip
PKGCONF  ?= pkg-config

# Debian keeps asm/*.h in a directory named after the machine, where a
# compiler for the target "bpf" does not look of itself
MULTIARCH := $(shell gcc -print-multiarch 2>/dev/null)
ARCHINC := $(if $(MULTIARCH),-I/usr/include/$(MULTIARCH))

CPPFLAGS += -Iinclude -Iuserspace -I$(BPFDIR) -D_GNU_SOURCE -DHAVE_INET6 -DHAVE_INTTYPES_H -DHAVE_STDBOOL_H \
	    -DCAROM_VERSION='"$(VERSION)"' \
	    $(shell $(PKGCONF) --cflags libre libnl-route-3.0 libopusenc 2>/dev/null || \
	      echo -I/usr/include/re -I/usr/include/opus)
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu11 -Wall -Wextra -Werror -fno-common
LDLIBS   := -Wl,--as-needed -lre -lmicrohttpd -lssl -lcrypto -lnettle -lopus -lspandsp -lspeexdsp -lsndfile -lopusenc -lcyaml -lyaml -lsqlite3 -lexpat -lhiredis -lcap-ng -lxdp \
	    -lbpf -lmnl -lnl-route-3 -lnl-3 -lelf -lz -lm -lpthread

# clang's preprocessor is asked for the CPU that it is building for by bpf/
BPF_CFLAGS := -target bpf -O2 -g -mcpu=v3 -std=gnu11 -Wall -Wextra -Werror \
	      -Wno-missing-declarations -Iinclude -Ibpf $(ARCHINC)

# ---- BPF objects and their skeletons ------------------------------------

BPF_SRCS := $(wildcard bpf/*.bpf.c)
BPF_OBJS := $(BPF_SRCS:bpf/%.bpf.c=$(BPFDIR)/%.bpf.o)
SKELS    := $(BPF_SRCS:bpf/%.bpf.c=$(BPFDIR)/%.skel.h)

$(BPFDIR)/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c -o $@.tmp $<
	$(Q)$(STRIP) -g $@.tmp && mv $@.tmp $@

$(BPFDIR)/%.skel.h: $(BPFDIR)/%.bpf.o
	$(call say,SKEL,$@)
	$(Q){ echo '/* NOLINTBEGIN: made by bpftool */' && \
		$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf && \
		echo '/* NOLINTEND */'; } > $@.tmp
	$(Q)mv $@.tmp $@

.PRECIOUS: $(BPFDIR)/%.bpf.o $(BPFDIR)/%.skel.h

# ---- userspace -----------------------------------------------------------

DAEMON_MAIN := userspace/daemon/main.c
ROOM_SRCS := $(filter-out $(DAEMON_MAIN),$(wildcard userspace/*/*.c))
CLI_ROOMS := $(wildcard userspace/fastpath/*.c userspace/base/*.c \
	       userspace/store/*.c userspace/daemon/config*.c \
	       userspace/dispatch/*.c userspace/control/ask.c userspace/metrics/*.c \
	       userspace/digest/users.c userspace/digest/digest.c \
	       userspace/sip/cert.c userspace/api/token.c userspace/api/scope.c)
CLI_SRCS  := $(wildcard tools/carom/*.c)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))

# Who embeds or loads the programs waits for the skeletons; -MMD does the rest
$(call obj,$(wildcard userspace/fastpath/*.c tests/bpf/*.c tests/fuzz/*.c \
	tests/unit/*.c) $(CLI_SRCS)): | $(SKELS)

$(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(CPPFLAGS) -MMD -MP -c -o $@ $<

# gcc gathers single values into vectors there, and has them wait for each other
$(call obj,userspace/audio/g722.c): CFLAGS += -fno-tree-slp-vectorize

$(BIN)/caromd: $(call obj,$(DAEMON_MAIN) $(ROOM_SRCS))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BIN)/carom: $(call obj,$(CLI_SRCS) $(CLI_ROOMS))
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

.PHONY: bpf
bpf: $(BPF_OBJS) $(SKELS) ## BPF objects and skeletons alone

# A change of the version or of the flags here rebuilds what depends on them
$(call obj,$(ROOM_SRCS) $(DAEMON_MAIN) $(CLI_SRCS)): VERSION mk/build.mk

-include $(shell find build -type f -name '*.d' 2>/dev/null)
