# SPDX-License-Identifier: BSD-2-Clause
# tests/fuzz/fuzz_X.c: libFuzzer targets. Everything they link is compiled
# by clang with coverage, into build/fuzz/.
#
# FUZZ_SRCS_X names the sources that fuzz_X links; else every room.

FUZZ_SECONDS ?= 20

FUZZ_SRCS_dtls    = $(call room,secure)
FUZZ_SRCS_sdes    = $(call room,secure)
FUZZ_SRCS_dtmfinfo = userspace/media/dtmfinfo.c userspace/rtp/event.c
FUZZ_SRCS_stun    = $(call room,ice) userspace/rtp/report.c
FUZZ_SRCS_turn    = $(call room,ice)
FUZZ_SRCS_udptl   = $(wildcard userspace/fax/udptl*.c)
FUZZ_SRCS_fax     = $(call room,fax)
FUZZ_SRCS_codec   = $(call room,audio)
FUZZ_SRCS_bridge  = $(call room,bridge audio rtp secure fax) tests/unit/sim_plane.c
FUZZ_SRCS_sdp     = $(SRCS_sdp) $(wildcard userspace/media/neg*.c)
FUZZ_SRCS_bencode = $(SRCS_ng)
FUZZ_SRCS_json    = $(SRCS_ng)
FUZZ_SRCS_ng      = $(SRCS_ng)
FUZZ_SRCS_store   = $(addprefix userspace/store/,logop.c notice.c redis_url.c)
FUZZ_SRCS_dslist  = $(SRCS_dispatch)
FUZZ_SRCS_dns     = $(addprefix userspace/dns/,answer.c name.c)
FUZZ_SRCS_media   = $(SRCS_media)
FUZZ_SRCS_rtcp    = userspace/media/rtcp.c userspace/rtp/translate.c
FUZZ_SRCS_api     = $(SRCS_api)
FUZZ_SRCS_presence = $(SRCS_log) $(call room,presence digest) \
		    $(addprefix userspace/sip/,msg.c list.c uri.c header.c)
FUZZ_SRCS_stream  = $(addprefix userspace/sip/,frame.c ws.c) userspace/sip/keepalive.c
FUZZ_SRCS_register = $(filter-out %/udp.c,$(call room,sip)) $(SRCS_log) \
		    $(call room,digest location registrar control)
FUZZ_SRCS_auth    = $(SRCS_edge) userspace/fastpath/names.c
FUZZ_SRCS_contact = $(SRCS_edge) userspace/fastpath/names.c
FUZZ_SRCS_provider = $(SRCS_provider) userspace/base/jsontext.c
FUZZ_SRCS_sipscan =
FUZZ_SRCS_xdp     = $(SRCS_bpf) userspace/rtp/translate.c \
		    $(addprefix tests/fuzz/,frame.c ways.c relayed.c)
FUZZ_LIBS_xdp     = -lcmocka
FUZZ_SIP := $(addprefix tests/fuzz/,siptext.c sipmutate.c sipcheck.c)
FUZZ_SRCS_sip_agent = $(SRCS_edge) userspace/fastpath/names.c \
		      $(FUZZ_SIP) tests/bpf/torture.c
FUZZ_SRCS_sip_diff = $(SRCS_bpf) $(FUZZ_SIP) $(addprefix tests/fuzz/,sipedge.c \
		     frame.c)
FUZZ_SRCS_sip_xdp = $(FUZZ_SRCS_sip_diff)
FUZZ_SRCS_challenge = $(TEST_SRCS_sip_challenge) \
		      $(addprefix tests/fuzz/,frame.c sipmutate.c)
FUZZ_LIBS_challenge = -lcmocka
FUZZ_LIBS_sip_diff = -lcmocka
FUZZ_LIBS_sip_xdp = -lcmocka

FUZZ_FLAGS := -fsanitize=fuzzer-no-link,address,undefined \
	      -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZ_SRCS := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BINS := $(FUZZ_SRCS:tests/fuzz/%.c=build/fuzz/%)

fuzz_srcs = $(if $(filter undefined,$(origin FUZZ_SRCS_$(1))),$(ROOM_SRCS),$(FUZZ_SRCS_$(1)))
fuzz_obj = $(patsubst %.c,build/fuzz/obj/%.o,$(1))

build/fuzz/obj/%.o: %.c | $(SKELS)
	$(call say,FUZZ,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -O1 $(filter-out -O2,$(CFLAGS)) $(FUZZ_FLAGS) $(CPPFLAGS) \
		-Itests -Itests/fuzz -Itests/unit -Itests/bpf -Ibpf \
		-DTEST_DATA='"$(CURDIR)/tests"' \
		-MMD -MP -c -o $@ $<

define fuzz_rule
build/fuzz/$(1): $$(call fuzz_obj,tests/fuzz/$(1).c $$(call fuzz_srcs,$(2)))
	$$(call say,LINK,$$@)
	$$(Q)$$(CLANG) -fsanitize=fuzzer,address,undefined -o $$@ $$^ \
		$$(FUZZ_LIBS_$(2)) $$(LDLIBS)
endef

$(foreach f,$(FUZZ_SRCS:tests/fuzz/%.c=%),$(eval $(call fuzz_rule,$(f),$(f:fuzz_%=%))))

.PHONY: fuzz-build
fuzz-build: $(FUZZ_BINS)

fuzz: fuzz-build ## each libFuzzer target for FUZZ_SECONDS
	@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ_BINS)
