# SPDX-License-Identifier: BSD-2-Clause

CLANG_FORMAT ?= clang-format
CLANG_TIDY   ?= clang-tidy

FORMAT_SRCS := $(wildcard bpf/*.[ch] include/carom/*.h userspace/*/*.[ch] \
		 tools/*/*.[ch] tests/*/*.[ch])
TIDY_SRCS   := $(filter-out %.bpf.c,$(wildcard userspace/*/*.c tools/*/*.c))
SHELL_SRCS  := .ci/run mk/deps tests/run tests/fuzz/run \
	       $(wildcard tools/*/*.sh tools/lab tools/bench/run \
		 tests/vm/run tests/vm/init tests/interop/*/run tests/integration/*.bash)

.PHONY: lint-format lint-tidy lint-shell lint-reasons

lint: lint-format lint-reasons lint-tidy lint-shell ## clang-format, clang-tidy, shellcheck

format: ## rewrite the sources as clang-format wants them
	$(Q)$(CLANG_FORMAT) -i $(FORMAT_SRCS)

lint-format:
	$(call say,LINT,"clang-format ($(words $(FORMAT_SRCS)) files)")
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(FORMAT_SRCS)

# Each file has a stamp: a second run looks only at what changed
TIDY_STAMPS := $(TIDY_SRCS:%=build/lint/%.ok)

build/lint/%.ok: % .clang-tidy | $(SKELS)
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG_TIDY) --quiet $< -- $(CPPFLAGS) -std=gnu11 \
		-Wno-unknown-warning-option 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

lint-tidy: $(TIDY_STAMPS)

# Golden packets assert each reason that there is
lint-reasons:
	$(call say,LINT,"a test for each reason")
	@for r in $$(sed -n 's/^\tX(\([A-Z0-9_]*\), .*/\1/p' \
			include/carom/reason.h); do \
		case $$r in LEG_SPARE|UNUSED*) continue;; esac; \
		grep -qE "CAROM_R_$$r\b|NOTE\($$r\)" tests/bpf/test_*.c || \
			{ echo "no test in tests/bpf has $$r" >&2; exit 1; }; \
	done

lint-shell:
	@if command -v shellcheck >/dev/null; then \
		printf '  %-5s %s\n' LINT shellcheck; \
		for f in $(SHELL_SRCS); do \
			[ -f $$f ] || continue; \
			head -n 1 $$f | grep -q 'sh$$' || \
				case $$f in *.sh|*.bash) ;; *) continue;; esac; \
			shellcheck -x $$f || exit 1; \
		done; \
	else echo "  shellcheck is not installed: shell scripts not looked at"; \
	fi
