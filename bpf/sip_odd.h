/* SPDX-License-Identifier: GPL-2.0-only */
/* The scanner's word on a message, as a reason */
#ifndef CAROM_BPF_SIP_ODD_H
#define CAROM_BPF_SIP_ODD_H

#include "sip_maps.h"

/* Why the scanner would not have it, as a reason */
static __always_inline int sip_odd(int odd)
{
	switch (odd) {
	case SCAN_ODD_NOT_SIP:
		return CAROM_R_SIP_NOT_SIP;
	case SCAN_ODD_LONG:
		return CAROM_R_SIP_LONG;
	case SCAN_ODD_START:
		return CAROM_R_SIP_START;
	case SCAN_ODD_URI:
		return CAROM_R_SIP_URI;
	case SCAN_ODD_LINE:
		return CAROM_R_SIP_LINE;
	case SCAN_ODD_FOLDED:
		return CAROM_R_SIP_FOLDED;
	case SCAN_ODD_TWICE:
		return CAROM_R_SIP_TWICE;
	case SCAN_ODD_MISSING:
		return CAROM_R_SIP_MISSING;
	case SCAN_ODD_LENGTH:
		return CAROM_R_SIP_LENGTH;
	case SCAN_ODD_CSEQ:
		return CAROM_R_SIP_CSEQ;
	case SCAN_ODD_TRANSPORT:
		return CAROM_R_SIP_TRANSPORT;
	}
	return CAROM_R_SIP_SYNTAX;
}

#endif
