# SPDX-License-Identifier: BSD-2-Clause
# tests/unit/test_X.c and tests/bpf/test_X.c become programs of their own.
#
# A test links what TEST_SRCS_X names; a test that names nothing links every
# room (but the daemon's main). Naming it keeps a test small, and lets it put
# its own stand-in where a room would be.

SRCS_log    := userspace/base/log.c
SRCS_config := $(SRCS_log) $(wildcard userspace/daemon/config*.c)
SRCS_store  := $(SRCS_log) $(wildcard userspace/store/*.c)

TEST_SRCS_log    = $(SRCS_log)
TEST_SRCS_config = $(SRCS_config)
TEST_SRCS_store  = $(SRCS_store)
TEST_SRCS_privs  = $(SRCS_log) $(addprefix userspace/daemon/,privs.c lock.c \
		     notify.c)

UNIT_SRCS    := $(wildcard tests/unit/test_*.c)
BPFTEST_SRCS := $(wildcard tests/bpf/test_*.c)
UNIT_BINS    := $(UNIT_SRCS:tests/unit/%.c=$(B)/test/%)
BPFTEST_BINS := $(BPFTEST_SRCS:tests/bpf/%.c=$(B)/test-bpf/%)

.PHONY: unit-build bpf-build test-unit test-bpf test-integration test-interop

unit-build: $(UNIT_BINS)
bpf-build: $(BPFTEST_BINS)

# $(1) name without test_; sources, ours or the default
test_srcs = $(if $(filter undefined,$(origin TEST_SRCS_$(1))),$(ROOM_SRCS),$(TEST_SRCS_$(1)))

TEST_CPPFLAGS := -Itests -Itests/unit -Itests/bpf -Ibpf

$(B)/obj/tests/%.o: CPPFLAGS += $(TEST_CPPFLAGS) \
	-DTEST_DATA='"$(CURDIR)/tests"'

define test_rule
$(2): $$(call obj,$(1) $$(call test_srcs,$(3)))
	$$(call say,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(SANFLAGS) $$(LDFLAGS) -o $$@ $$^ \
		-lcmocka $$(LDLIBS) $$(TEST_LIBS_$(3))
endef

$(foreach t,$(UNIT_SRCS),$(eval $(call test_rule,$(t),$(t:tests/unit/%.c=$(B)/test/%),$(t:tests/unit/test_%.c=%))))
$(foreach t,$(BPFTEST_SRCS),$(eval $(call test_rule,$(t),$(t:tests/bpf/%.c=$(B)/test-bpf/%),$(t:tests/bpf/test_%.c=%))))

test: all unit-build bpf-build ## every test: unit, bpf, integration, interop
	@$(MAKE) --no-print-directory SAN=1 unit-build
	@tests/run unit bpf integration interop

test-unit: unit-build ## unit tests, plain and with sanitizers
	@$(MAKE) --no-print-directory SAN=1 unit-build
	@tests/run unit

test-bpf: bpf-build ## golden packets through BPF_PROG_RUN (root)
	@tests/run bpf

test-integration: all ## bats in the lab (root)
	@tests/run integration

test-interop: all ## against Debian's rtpengine (root)
	@tests/run interop
