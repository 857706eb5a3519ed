# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# One lab for each run of bats; what runs in it is the files' affair

setup_suite()
{
	# shellcheck source=tests/integration/lib.bash
	. "$(dirname "${BASH_SOURCE[0]}")/lib.bash"
	"$ROOT/tools/lab" down
	"$ROOT/tools/lab" up
}

teardown_suite()
{
	"$ROOT/tools/lab" down
}
