# SPDX-License-Identifier: BSD-2-Clause
# Carom. `make help` lists the targets.

PREFIX     ?= /usr/local
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
DOCDIR     ?= $(PREFIX)/share/doc/carom
SYSCONFDIR ?= /etc
UNITDIR    ?= /lib/systemd/system
DESTDIR    ?=

VERSION := $(shell cat VERSION)

.DEFAULT_GOAL := all

include mk/build.mk
include mk/tests.mk
include mk/fuzz.mk
include mk/lint.mk

.PHONY: help deps all install uninstall demo test bench bench-% fuzz lint \
	format vm-test clean docs

help: ## this list
	@awk -F':.*## ' '/^[a-z][a-zA-Z%_-]*:.*## / \
		{ printf "  %-16s %s\n", $$1, $$2 }' Makefile mk/*.mk
	@echo
	@echo "  Variables: SAN=1 (address and undefined-behaviour sanitizers),"
	@echo "  V=1 (show commands), CC=clang, FUZZ_SECONDS=20, DESTDIR, PREFIX"

deps: ## install what is missing to build and to test (Debian, as root)
	@mk/deps

all: $(BIN)/caromd $(BIN)/carom ## build/bin/caromd and build/bin/carom

demo: deps ## calls through Kamailio, RTP and SIP settled in the kernel; under two minutes
	@$(MAKE) --no-print-directory all
	@tools/demo/demo.sh
	@tools/demo/sip.sh
	@tools/demo/phones.sh

bench: bench-rtp bench-sip bench-media bench-registrar ## every benchmark

bench-%: all
	@tools/bench/run $*

bench-rtp: ## packets/s, latency and CPU against other relays

bench-sip: ## SIP messages/s, latency and floods, beside Kamailio

bench-media: ## calls that are transcoded or encrypted, beside rtpengine

bench-registrar: ## registrations/s, memory and restart, beside Kamailio

vm-test: all bpf-build ## attach and golden packets on Debian's 6.1 kernel, in QEMU
	@tests/vm/run

docs: $(B)/gen/reasons ## regenerate docs/reasons.md from carom/reason.h
	@$< > docs/reasons.md
	@echo "docs/reasons.md"

$(B)/gen/%: tools/gen/%.c include/carom/reason.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(CPPFLAGS) -o $@ $<

install: all ## binaries, man pages, example, systemd unit (DESTDIR, PREFIX)
	install -D -m 755 $(BIN)/caromd $(DESTDIR)$(SBINDIR)/caromd
	install -D -m 755 $(BIN)/carom $(DESTDIR)$(SBINDIR)/carom
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man8 man/*.8
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man5 man/*.5
	install -D -m 644 carom.yaml.example \
		$(DESTDIR)$(DOCDIR)/carom.yaml.example
	install -d -m 755 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/carom
	sed 's|@SBINDIR@|$(SBINDIR)|g' dist/carom.service.in \
		> $(DESTDIR)$(UNITDIR)/carom.service
	sed 's|@SBINDIR@|$(SBINDIR)|g' dist/carom-attach.service.in \
		> $(DESTDIR)$(UNITDIR)/carom-attach.service
	install -D -m 644 dist/carom.sysusers \
		$(DESTDIR)/usr/lib/sysusers.d/carom.conf
	install -D -m 644 dist/carom.tmpfiles \
		$(DESTDIR)/usr/lib/tmpfiles.d/carom.conf

uninstall: ## take away what install put there (the configuration stays)
	rm -f $(DESTDIR)$(SBINDIR)/caromd $(DESTDIR)$(SBINDIR)/carom \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(wildcard \
			man/*.8))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(wildcard \
			man/*.5))) \
		$(DESTDIR)$(DOCDIR)/carom.yaml.example \
		$(DESTDIR)$(UNITDIR)/carom.service \
		$(DESTDIR)$(UNITDIR)/carom-attach.service \
		$(DESTDIR)/usr/lib/sysusers.d/carom.conf \
		$(DESTDIR)/usr/lib/tmpfiles.d/carom.conf

clean: ## remove build/
	rm -rf build
