/* SPDX-License-Identifier: BSD-2-Clause */
/**
 * @file test_presence_xml.c  XML that came with a PUBLISH
 */
#include "presence/xml.h"
#include "presence_fix.h"

static void test_xml(void **state)
{
	static const char *const badv[] = {
		"",
		"<a>",
		"<a></b>",
		"<a><b></a></b>",
		"<a>\x80</a>",
		"<!DOCTYPE a><a/>",
		"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
		"<a>&x;</a>",
		"<a xmlns:b=\"\"/>",
		"<b:a/>",
		"<a/><a/>",
		"<a x=\"1\" x=\"2\"/>",
	};
	static const char good[] =
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
		"<!-- -->\r\n<a xmlns=\"u&amp;v\" xmlns:p=\"w\" entity=\"e\">"
		"text<b id=\"1\"/><p:c xmlns:p=\"other\"><basic> open\n</basic>"
		"<basic>closed</basic></p:c><![CDATA[<d/>]]></a>";
	struct xml *x = NULL;
	const struct xml_child *c;
	const char *why = NULL;
	struct pl text;
	char *deep;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(badv); i++) {
		pl_set_str(&text, badv[i]);
		why = NULL;
		assert_int_equal(xml_decode(&x, &text, &why), EBADMSG);
		assert_non_null(why);
	}
	pl_set_str(&text, good);
	assert_int_equal(xml_decode(&x, &text, &why), 0);
	assert_string_equal(x->root, "a");
	assert_string_equal(x->ns, "u&v");
	assert_string_equal(x->entity, "e");
	assert_int_equal(list_count(&x->children), 2);
	c = list_ledata(list_head(&x->children));
	assert_string_equal(c->text, "<b xmlns=\"u&amp;v\" xmlns:p=\"w\" "
				     "id=\"1\"/>");
	assert_string_equal(c->id, "1");
	c = list_ledata(list_tail(&x->children));
	assert_string_equal(c->ns, "other");
	assert_string_equal(c->text,
			    "<p:c xmlns=\"u&amp;v\" xmlns:p=\"other\"><basic> "
			    "open\n</basic><basic>closed</basic></p:c>");
	assert_string_equal(c->inner[XML_BASIC], "open");
	x = mem_deref(x);

	/* bounds */
	deep = calloc(1, XML_BYTES + 8);
	for (int i = 0; i <= XML_DEPTH; i++)
		strcat(deep, "<a>");
	pl_set_str(&text, deep);
	assert_int_equal(xml_decode(&x, &text, &why), EMSGSIZE);
	strcpy(deep, "<a>");
	for (int i = 0; i <= XML_CHILDREN; i++)
		strcat(deep, "<b/>");
	strcat(deep, "</a>");
	pl_set_str(&text, deep);
	assert_int_equal(xml_decode(&x, &text, &why), EMSGSIZE);
	/* a namespace is not copied into any number of children */
	strcpy(deep, "<a xmlns:p=\"");
	memset(deep + strlen(deep), '>', XML_BYTES / 2);
	strcat(deep, "\">");
	for (int i = 0; i < XML_CHILDREN; i++)
		strcat(deep, "<b/>");
	strcat(deep, "</a>");
	pl_set_str(&text, deep);
	assert_int_equal(xml_decode(&x, &text, &why), EMSGSIZE);
	memset(deep, ' ', XML_BYTES + 1);
	text.l = XML_BYTES + 1;
	assert_int_equal(xml_decode(&x, &text, &why), EMSGSIZE);
	free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
