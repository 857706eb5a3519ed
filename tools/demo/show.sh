# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash disable=SC2034
#
# How the demo looks: colours on a terminal only, columns that line up

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m'
	CYAN=$'\e[36m' YELLOW=$'\e[33m' OFF=$'\e[0m'
else
	BOLD='' DIM='' RED='' GREEN='' CYAN='' YELLOW='' OFF=''
fi
STEP=0

title()
{
	printf '\n%s%s%s\n%s\n' "$BOLD" "$1" "$OFF" "${1//?/=}"
}

step()
{
	STEP=$((STEP + 1))
	printf '\n%s%d. %s%s\n\n' "$BOLD$CYAN" $STEP "$1" "$OFF"
}

head_row()
{
	printf '  %s%6s  %16s  %12s  %12s%s\n' "$DIM" "$@" "$OFF"
}

row()
{
	local cpu=$4 hue=$GREEN

	[ "$cpu" != dead ] || hue=$RED
	printf '  %6s  %16s  %12s  %s%12s%s\n' "$1" "$2" "$3" "$hue" "$cpu" \
		"$OFF"
}

head_row4()
{
	printf '  %s%-10s %8s %10s %8s   %s%s\n' "$DIM" "$@" "$OFF"
}

row4()
{
	printf '  %-10s %8s %10s %s%8s%s   %s\n' "$1" "$2" "$3" \
		"$([ "$4" = 0 ] && echo "$GREEN" || echo "$RED")" "$4" "$OFF" \
		"$5"
}

# beside LEFT RIGHT: two files, what differs marked
beside()
{
	local l r

	while IFS= read -r l <&3 || [ -n "$l" ]; do
		IFS= read -r r <&4 || r=
		if [ "$l" = "$r" ]; then
			printf '  %-34s   %s%s%s\n' "$l" "$DIM" "$r" "$OFF"
		else
			printf '  %-34s > %s%s%s\n' "$l" "$BOLD$YELLOW" "$r" \
				"$OFF"
		fi
	done 3<"$1" 4<"$2"
	while IFS= read -r r <&4; do
		printf '  %-34s > %s%s%s\n' '' "$BOLD$YELLOW" "$r" "$OFF"
	done 4< <(tail -n "+$(($(wc -l <"$1") + 1))" "$2")
}
