/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file ng/bencode.h  Bencode, as the ng protocol uses it
 *
 * A dictionary becomes ODICT_OBJECT, a list ODICT_ARRAY (keys "0", "1", ...),
 * a string ODICT_STRING, an integer ODICT_INT. Keys come in any order (the
 * ng protocol does not sort them). odict holds C strings, so a string or key
 * with a NUL in it is refused rather than cut short; what a key NG_BYTES has may
 * be any bytes, and becomes a string in base64.
 */
#ifndef CAROM_NG_BENCODE_H
#define CAROM_NG_BENCODE_H

#include <re.h>

#define NG_BYTES "blob"

enum {
	NG_DEPTH_MAX = 16,   /**< containers inside one another          */
	NG_ITEMS_MAX = 4096, /**< values in one message                  */
};

/**
 * Decode one dictionary at the start of a buffer
 *
 * @param op    The dictionary (mem_deref when done)
 * @param pl    Bytes; the dictionary need not fill them
 * @param used  Set to the number of bytes it took, or NULL
 *
 * @return 0; EAGAIN it is sound so far but cut short; EBADMSG not bencode,
 *         not a dictionary, an integer outside int64_t or with a leading
 *         zero, another string with a NUL; EOVERFLOW too deep or too many values;
 *         ENOMEM
 */
int bencode_decode(struct odict **op, const struct pl *pl, size_t *used);

/**
 * Find out how long one bencoded dictionary is, without keeping it
 *
 * @return as bencode_decode()
 */
int bencode_scan(const struct pl *pl, size_t *used);

/**
 * Print a dictionary, to be called by %H. Booleans are the strings "yes" and
 * "no", null is the empty string, and a double loses its fraction's tail
 * beyond six digits: bencode has none of them.
 */
int bencode_encode(struct re_printf *pf, const struct odict *o);

#endif
