/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file presence/xml.h  An XML document as its root's children
 *
 * PIDF and dialog-info are lists under a root. To put several documents together, each
 * child is kept as its text, with the namespaces declared that its root had declared:
 * it means the same under another root. What is in it that we do not know stays.
 *
 * Read by expat. UTF-8 alone; a document with a DOCTYPE is refused, and so there are no
 * entities but XML's own five. Size, depth and numbers are bounded.
 */
#ifndef CAROM_PRESENCE_XML_H
#define CAROM_PRESENCE_XML_H

#include <re.h>

enum {
	XML_BYTES = 65536, /**< of a document                               */
	XML_DEPTH = 32,
	XML_CHILDREN = 256,
	XML_SPACES = 32, /**< namespaces declared at the root               */
	XML_TEXTS = 2 * XML_BYTES, /**< of all children's texts, into each of
					which those namespaces are put      */
};

/** Texts of elements inside a child that we look at */
enum xml_inner {
	XML_BASIC = 0, /**< PIDF: open, closed                              */
	XML_CONTACT,
	XML_NOTE,
	XML_STATE, /**< dialog-info                                        */
	XML_INNER
};

/** A child of the root */
struct xml_child {
	struct le le;
	char *name; /**< without its namespace's prefix                    */
	char *ns;   /**< "" where it has none                              */
	char *id;   /**< attribute; NULL: none                             */
	char *text; /**< all of it, ready to stand under another root      */
	char *inner[XML_INNER]; /**< NULL: there is none                    */
};

struct xml {
	char *root, *ns; /**< of the root                                   */
	char *entity;    /**< attribute; NULL: none                         */
	struct list children; /**< struct xml_child, as they came            */
};

/**
 * Read a document
 *
 * @param xp   Pointer to the object (mem_deref when done)
 * @param why  Result: what is wrong, for a reply's phrase
 *
 * @return 0, EBADMSG, EMSGSIZE, ENOMEM
 */
int xml_decode(struct xml **xp, const struct pl *text, const char **why);

/** Print a text so that it is nothing but text, in an attribute too (const struct pl *) */
int xml_text(struct re_printf *pf, const struct pl *text);

#endif
