# SPDX-License-Identifier: BSD-2-Clause
# tests/unit/test_X.c and tests/bpf/test_X.c become programs of their own.
#
# A test links what TEST_SRCS_X names. A unit test that names nothing links
# every room (but the daemon's main), a test in tests/bpf the fast path and the
# other sources there. Naming it keeps a test small, and lets it put its own
# stand-in (fake_*.c) where a room would be.

room = $(wildcard $(1:%=userspace/%/*.c))

SRCS_log    := $(call room,base)
SRCS_config := $(SRCS_log) $(wildcard userspace/daemon/config*.c) \
	       userspace/store/redis_url.c userspace/digest/digest.c \
	       userspace/fastpath/names.c
SRCS_config_test := $(SRCS_config) tests/unit/config_fix.c
SRCS_store  := $(SRCS_log) $(call room,store)
SRCS_event  := $(SRCS_store) $(call room,event)
SRCS_api    := $(SRCS_event) userspace/sip/ws.c $(addprefix userspace/api/,admit.c api.c \
		 check.c event.c exchange.c health.c idem.c listen.c node.c page.c \
		 path.c query.c record.c recordset.c reply.c request.c route.c \
		 scope.c socket.c token.c websocket.c)
SRCS_sdp    := $(wildcard userspace/media/sdp*.c)
SRCS_dispatch := $(call room,dispatch)
SRCS_ng     := $(SRCS_log) $(call room,ng) $(wildcard userspace/secure/srtp*.c) \
	       tests/unit/fake_media.c
SRCS_media  := $(SRCS_store) $(call room,media audio secure ice rtp fax) tests/unit/fake_bridge.c \
	       userspace/fastpath/names.c tests/unit/fake_fp.c
SRCS_dns    := $(SRCS_log) $(call room,dns) tests/unit/fake_dns.c
SRCS_sipmsg := $(addprefix userspace/sip/,msg.c list.c uri.c)
SRCS_digest := $(filter-out %/creds.c %/asked.c,$(call room,digest))
SRCS_edge   := $(call room,dispatch) $(SRCS_sipmsg) $(SRCS_digest) \
	       userspace/base/prefix.c \
	       $(addprefix userspace/edge/,policy.c key.c edit.c hop.c flow.c \
		 contact.c choose.c depart.c forward.c lookup.c reply.c auth.c whose.c count.c)
SRCS_route  := $(call room,route) userspace/base/fields.c
SRCS_provider := $(SRCS_store) $(call room,provider route locate dns sip) \
	       userspace/base/fields.c userspace/digest/digest.c
SRCS_provider_calls := $(SRCS_provider) tests/unit/fake_dns.c tests/unit/provider_fix.c
SRCS_registrar := $(SRCS_store) $(call room,sip digest location registrar control) \
	       tests/unit/registrar_fix.c
SRCS_presence := $(SRCS_store) $(call room,sip digest location presence event) \
	       tests/unit/presence_fix.c
SRCS_bpf    := $(SRCS_log) $(SRCS_edge) $(call room,fastpath) \
	       userspace/edge/registered.c \
	       $(filter-out tests/bpf/test_% $(addprefix tests/bpf/,bridgebed.c digitsbed.c \
		 regbed.c),$(wildcard tests/bpf/*.c))
SRCS_bridge := $(SRCS_bpf) $(call room,plane bridge audio rtp secure fax) \
	       tests/bpf/bridgebed.c

TEST_SRCS_log        = $(SRCS_log)
TEST_SRCS_hep        = $(SRCS_log) $(call room,hep)
TEST_SRCS_control    = $(SRCS_log) $(call room,control)
TEST_SRCS_config     = $(SRCS_config_test)
TEST_SRCS_config_refused = $(SRCS_config_test)
TEST_SRCS_config_sip = $(SRCS_config_test)
TEST_SRCS_config_providers = $(SRCS_config_test)
TEST_SRCS_config_registrar = $(SRCS_config_test) userspace/daemon/denied.c
TEST_SRCS_config_presence = $(SRCS_config_test)
TEST_SRCS_config_diff = $(SRCS_config_test)
TEST_SRCS_store      = $(SRCS_store) tests/unit/redis_srv.c
TEST_SRCS_store_write = $(SRCS_store) tests/unit/redis_srv.c
TEST_SRCS_store_log   = $(SRCS_store)
TEST_SRCS_store_redis = $(SRCS_store) $(addprefix tests/unit/,redis_srv.c nodes_fix.c)
TEST_SRCS_store_failover = $(TEST_SRCS_store_redis)
TEST_SRCS_digest_users = $(SRCS_log) $(SRCS_digest)
TEST_SRCS_put        = $(SRCS_registrar)
TEST_SRCS_store_first = $(SRCS_store) tests/unit/redis_srv.c
TEST_SRCS_utf8       = $(SRCS_log)
TEST_SRCS_event      = $(SRCS_event)
TEST_SRCS_api = $(SRCS_api) tests/unit/api_fix.c
TEST_SRCS_api_token = $(SRCS_api) tests/unit/api_fix.c
TEST_SRCS_api_record = $(SRCS_api) tests/unit/api_fix.c
TEST_SRCS_store_crash = $(SRCS_store) tests/unit/power_vfs.c
TEST_SRCS_privs      = $(SRCS_log) $(addprefix userspace/daemon/,privs.c \
			 lock.c notify.c)
TEST_SRCS_sdp        = $(SRCS_sdp)
TEST_SRCS_sdp_encode = $(SRCS_sdp)
TEST_SRCS_sdp_edit   = $(SRCS_sdp)
TEST_SRCS_ports      = $(SRCS_log) userspace/media/ports.c
TEST_SRCS_negotiate  = $(SRCS_sdp) $(wildcard userspace/media/neg*.c)
TEST_SRCS_rtcp       = $(SRCS_media)
TEST_SRCS_record     = $(SRCS_media) tests/unit/record_fix.c
TEST_SRCS_record_codec = $(SRCS_media) tests/unit/record_fix.c
TEST_SRCS_dtmfinfo   = userspace/media/dtmfinfo.c userspace/rtp/event.c
TEST_SRCS_media      = $(SRCS_media)
TEST_SRCS_media_lines = $(SRCS_media)
TEST_SRCS_media_life = $(SRCS_media)
TEST_SRCS_media_taps = $(SRCS_media)
TEST_SRCS_absent     = $(SRCS_media)
TEST_SRCS_terms      = $(SRCS_media)
TEST_SRCS_terms_srtp = $(SRCS_media)
TEST_SRCS_digits     = $(SRCS_media)
TEST_SRCS_play       = $(SRCS_media)
TEST_SRCS_moh        = $(SRCS_media)
TEST_SRCS_media_figures = $(SRCS_media)
TEST_SRCS_quality    = $(SRCS_media)
TEST_SRCS_terms_fax  = $(SRCS_media)
TEST_SRCS_terms_dtls = $(SRCS_media)
TEST_SRCS_terms_dtls_rtcp = $(SRCS_media)
TEST_SRCS_terms_lite = $(SRCS_media)
TEST_SRCS_terms_bundle = $(SRCS_media) tests/unit/bundle_fix.c
TEST_SRCS_terms_bundled = $(TEST_SRCS_terms_bundle)
TEST_SRCS_undo       = $(SRCS_media)
TEST_SRCS_echo       = $(SRCS_media)
TEST_SRCS_terms_ice  = $(SRCS_media) tests/unit/terms_ice_fix.c
TEST_SRCS_terms_trickle = $(SRCS_media) tests/unit/terms_ice_fix.c
TEST_SRCS_terms_turn = $(SRCS_media) $(addprefix tests/unit/,fake_turn.c terms_turn_fix.c)
TEST_SRCS_terms_turn_pair = $(TEST_SRCS_terms_turn)
TEST_SRCS_ice_lite   = $(call room,ice)
TEST_SRCS_ice_full   = $(call room,ice) tests/unit/ice_fix.c
TEST_SRCS_ice_relay  = $(TEST_SRCS_ice_full)
TEST_SRCS_ice_message = $(TEST_SRCS_ice_full)
TEST_SRCS_turn       = $(call room,ice) $(addprefix tests/unit/,fake_turn.c turn_fix.c)
TEST_SRCS_turn_peer  = $(TEST_SRCS_turn)
TEST_SRCS_report     = userspace/rtp/report.c
TEST_SRCS_dispatch_table = $(SRCS_dispatch)
TEST_SRCS_dispatch_list = $(SRCS_dispatch)
TEST_SRCS_dispatch_set = $(SRCS_dispatch)
TEST_SRCS_dispatch_reload = $(SRCS_dispatch)
TEST_SRCS_timers     = userspace/base/timers.c
TEST_SRCS_route      = $(SRCS_route)
TEST_SRCS_route_time = $(SRCS_route)
TEST_SRCS_provider_record = $(SRCS_provider)
TEST_SRCS_provider_probe = $(SRCS_provider) tests/unit/fake_dns.c
TEST_SRCS_provider_call = $(SRCS_provider_calls)
TEST_SRCS_provider_login = $(SRCS_provider_calls)
TEST_SRCS_provider_register = $(SRCS_provider_calls)
TEST_SRCS_provider_dialog = $(SRCS_provider_calls)
TEST_SRCS_provider_ends = $(SRCS_provider_calls)
TEST_SRCS_provider_flow = $(SRCS_provider_calls)
TEST_SRCS_provider_watch = $(filter-out $(call room,store),$(SRCS_provider)) \
			 tests/unit/fake_dns.c
TEST_SRCS_provider_nodes = $(SRCS_provider) tests/unit/fake_dns.c tests/unit/redis_srv.c
TEST_SRCS_dns        = $(SRCS_dns)
TEST_SRCS_dns_ports  = $(SRCS_dns)
TEST_SRCS_names      = $(SRCS_dns) $(SRCS_edge) userspace/fastpath/names.c \
		       $(addprefix userspace/edge/,names.c pin.c waiting.c \
			 dsname.c dsnames.c) $(call room,locate)
TEST_SRCS_locate     = $(SRCS_dns) $(call room,locate)
TEST_SRCS_digest     = $(SRCS_edge) userspace/fastpath/names.c
TEST_SRCS_replay     = $(TEST_SRCS_digest)
TEST_SRCS_auth       = $(SRCS_edge) userspace/fastpath/names.c tests/unit/auth_fix.c
TEST_SRCS_auth_fits  = $(TEST_SRCS_auth)
TEST_SRCS_bencode    = $(SRCS_ng)
TEST_SRCS_ng         = $(SRCS_ng)
TEST_SRCS_ng_flags   = $(SRCS_ng)
TEST_SRCS_ng_net     = $(SRCS_ng)
TEST_SRCS_cli_text   = $(addprefix tools/carom/,human.c table.c text.c opts.c)
TEST_SRCS_cli_snap   = tools/carom/snap.c
TEST_SRCS_cli_sipcopy = $(addprefix tools/carom/,sipcopy.c json.c) \
			userspace/fastpath/sipaddr.c \
			userspace/fastpath/names.c
TEST_SRCS_cli_callrec = tools/carom/callrec.c
TEST_SRCS_edge_flow  = $(SRCS_edge) $(SRCS_log) userspace/fastpath/names.c tests/unit/flow_fix.c
TEST_SRCS_edge_datagram = $(TEST_SRCS_edge_flow)
TEST_SRCS_edge_denied = $(SRCS_edge) $(SRCS_log) userspace/fastpath/names.c
TEST_SRCS_edge_hop   = $(SRCS_edge) $(SRCS_log) userspace/fastpath/names.c
TEST_SRCS_edge_review = $(SRCS_edge) $(SRCS_log) userspace/fastpath/names.c \
			$(addprefix userspace/edge/,stream.c streamout.c) \
			$(addprefix userspace/sip/,conn.c connread.c conntable.c frame.c ws.c \
			  source.c cert.c)
TEST_SRCS_edge_stream = userspace/sip/keepalive.c \
			$(addprefix userspace/sip/,frame.c ws.c source.c)
TEST_SRCS_edge_msg   = $(SRCS_sipmsg)
TEST_SRCS_sipscan    =
TEST_SRCS_sipaddr    =
TEST_SRCS_sip_udp    = $(SRCS_log) $(call room,sip)
TEST_SRCS_sipnode    = $(SRCS_log) $(call room,sip)
TEST_SRCS_registrar  = $(SRCS_registrar)
TEST_SRCS_registrar_outbound = $(SRCS_registrar)
TEST_SRCS_registrar_auth = $(SRCS_registrar)
TEST_SRCS_registrar_alive = $(SRCS_registrar)
TEST_SRCS_registrar_contact = $(SRCS_registrar)
TEST_SRCS_registrar_qualify = $(SRCS_registrar)
TEST_SRCS_location   = $(SRCS_store) $(SRCS_sipmsg) $(call room,location)
TEST_SRCS_location_nodes = $(TEST_SRCS_location)
TEST_SRCS_edge_located = $(TEST_SRCS_location) userspace/edge/located.c
TEST_SRCS_presence = $(SRCS_presence)
TEST_SRCS_presence_publish = $(SRCS_presence)
TEST_SRCS_presence_notify = $(SRCS_presence)
TEST_SRCS_presence_guest = $(SRCS_presence)
TEST_SRCS_presence_list = $(SRCS_presence)
TEST_SRCS_presence_xml = $(SRCS_presence)
TEST_SRCS_edge_count = userspace/edge/count.c
TEST_SRCS_edge_nets = $(SRCS_log) $(addprefix userspace/edge/,nets.c limits.c)

TEST_SRCS_codec = $(call room,audio)
TEST_SRCS_g722 = $(wildcard userspace/audio/g722*.c)
TEST_SRCS_cn = $(addprefix userspace/audio/,cn.c level.c)
TEST_SRCS_tone = userspace/audio/tone.c
TEST_SRCS_order = $(call room,rtp)
TEST_SRCS_translate  = $(call room,rtp)
TEST_SRCS_extension  = $(call room,rtp)
TEST_SRCS_jitter     = $(call room,rtp)
TEST_SRCS_udptl = $(wildcard userspace/fax/udptl*.c)
TEST_SRCS_fax = $(call room,fax)
TEST_LIBS_fax = -ltiff
TEST_SRCS_srtp = $(call room,secure)
TEST_SRCS_dtls = $(call room,secure)
TEST_SRCS_bridge_pass = $(call room,bridge audio rtp secure fax) \
			 tests/unit/sim_plane.c
TEST_SRCS_bridge_relay = $(addprefix userspace/,bridge/relay.c rtp/packet.c) \
			 tests/unit/sim_plane.c
TEST_SRCS_bridge_noise = $(call room,bridge audio rtp secure fax) \
			 tests/unit/sim_plane.c
TEST_SRCS_bridge_speech = $(call room,bridge audio rtp secure fax) \
			 tests/unit/sim_plane.c tests/unit/speech.c
TEST_SRCS_translated = $(SRCS_bpf) userspace/rtp/translate.c
TEST_SRCS_plane = $(SRCS_bpf) $(call room,plane)
TEST_SRCS_sip_challenge = $(sort $(SRCS_bpf) $(filter-out %/udp.c,$(call room,sip)) \
		 $(call room,digest location registrar control)) tests/bpf/regbed.c
TEST_SRCS_bridge = $(SRCS_bridge)
TEST_SRCS_bridge_srtp = $(SRCS_bridge)
TEST_SRCS_bridge_leave = $(SRCS_bridge)
TEST_SRCS_bridge_fax = $(SRCS_bridge)
TEST_SRCS_bridge_play = $(SRCS_bridge)
TEST_SRCS_bridge_digits = $(SRCS_bridge) tests/bpf/digitsbed.c
TEST_SRCS_bridge_guard = $(SRCS_bridge) tests/bpf/digitsbed.c
TEST_SRCS_bridge_enter = $(SRCS_bridge)
TEST_SRCS_bridge_bundle = $(SRCS_bridge)

UNIT_SRCS    := $(wildcard tests/unit/test_*.c)
BPFTEST_SRCS := $(wildcard tests/bpf/test_*.c)
UNIT_BINS    := $(UNIT_SRCS:tests/unit/%.c=$(B)/test/%)
BPFTEST_BINS := $(BPFTEST_SRCS:tests/bpf/%.c=$(B)/test-bpf/%)

.PHONY: unit-build bpf-build media-build test-unit test-bpf test-integration test-interop \
	interop

unit-build: $(UNIT_BINS)
bpf-build: $(BPFTEST_BINS)
# What media workers do with what comes from outside: with sanitizers, too
media-build: $(addprefix $(B)/test-bpf/,$(filter test_plane test_bridge%, \
	     $(notdir $(BPFTEST_BINS))))

# $(1) name without test_, $(2) sources when nothing is named
test_srcs = $(if $(filter undefined,$(origin TEST_SRCS_$(1))),$(2),$(TEST_SRCS_$(1)))

TEST_CPPFLAGS := -Itests -Itests/unit -Itests/bpf -Ibpf

$(B)/obj/tests/%.o: CPPFLAGS += $(TEST_CPPFLAGS) \
	-DTEST_DATA='"$(CURDIR)/tests"'

define test_rule
$(2): $$(call obj,$(1) $$(call test_srcs,$(3),$(4)))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(SANFLAGS) $$(LDFLAGS) -o $$@ $$^ \
		-lcmocka $$(LDLIBS) $$(TEST_LIBS_$(3))
endef

$(foreach t,$(UNIT_SRCS),$(eval $(call test_rule,$(t),$(t:tests/unit/%.c=$(B)/test/%),$(t:tests/unit/test_%.c=%),$(ROOM_SRCS))))
$(foreach t,$(BPFTEST_SRCS),$(eval $(call test_rule,$(t),$(t:tests/bpf/%.c=$(B)/test-bpf/%),$(t:tests/bpf/test_%.c=%),$(SRCS_bpf))))

test: all unit-build bpf-build ## every test: unit, bpf, integration, interop
	@$(MAKE) --no-print-directory SAN=1 unit-build media-build
	@tests/run unit bpf integration interop

test-unit: unit-build ## unit tests, plain and with sanitizers
	@$(MAKE) --no-print-directory SAN=1 unit-build
	@tests/run unit

test-bpf: bpf-build ## golden packets through BPF_PROG_RUN (root)
	@$(MAKE) --no-print-directory SAN=1 media-build
	@tests/run bpf

test-integration: all ## bats in the lab (root)
	@tests/run integration

test-interop: all ## against Debian's rtpengine (root)
	@tests/run interop

interop: all ## docs/interop.md, from a call with every peer (root)
	@bats -f '^[^/]*,' tests/interop/peers.bats
	@tools/lab.d/interop.py write $(B)/interop/cells >$(B)/interop/page
	@mv $(B)/interop/page docs/interop.md
