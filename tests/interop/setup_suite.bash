# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# The same lab as that of tests/integration

# shellcheck source=tests/integration/setup_suite.bash
. "$(dirname "${BASH_SOURCE[0]}")/../integration/setup_suite.bash"
