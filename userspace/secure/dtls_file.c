/* SPDX-License-Identifier: BSD-2-Clause */
/* The certificate that we show, kept in a file */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include "secure/dtls_priv.h"

enum { DAY = 24 * 3600, SPARE = 30 * DAY };

static bool good_for_a_while(const X509 *x)
{
	time_t then = time(NULL) + SPARE;

	return X509_cmp_time(X509_get0_notAfter(x), &then) > 0 &&
	       X509_cmp_current_time(X509_get0_notBefore(x)) < 0;
}

static int read_file(struct dtlsx_cert **cp, const char *path)
{
	FILE *f = fopen(path, "re");
	EVP_PKEY *key;
	X509 *x509;

	if (!f)
		return errno;
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	x509 = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	if (!key || !x509 || EVP_PKEY_get_base_id(key) != EVP_PKEY_EC ||
	    X509_check_private_key(x509, key) != 1) {
		EVP_PKEY_free(key);
		X509_free(x509);
		return EBADMSG;
	}
	/* its time is over: as if there were none */
	if (!good_for_a_while(x509)) {
		EVP_PKEY_free(key);
		X509_free(x509);
		return ENOENT;
	}

	return dtlsx_cert_of(cp, key, x509);
}

/* Whole, or not at all */
static int write_file(const struct dtlsx_cert *c, const char *path)
{
	char *tmp = NULL;
	FILE *f = NULL;
	int err, fd;

	err = re_sdprintf(&tmp, "%s.new", path);
	if (err || !tmp)
		return err;
	(void)unlink(tmp);
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		err = errno;
	else
		f = fdopen(fd, "w");
	if (f &&
	    (PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL) != 1 ||
	     PEM_write_X509(f, c->x509) != 1 || fflush(f) || fsync(fd)))
		err = EIO;
	if (f && fclose(f) && !err)
		err = errno;
	if (!err && rename(tmp, path))
		err = errno;
	if (err)
		(void)unlink(tmp);
	mem_deref(tmp);

	return err;
}

int dtlsx_cert_open(struct dtlsx_cert **cp, const char *path, bool *made)
{
	struct dtlsx_cert *c = NULL;
	int err;

	if (!cp || !path || !made)
		return EINVAL;
	*made = false;
	err = read_file(&c, path);
	if (err == ENOENT) {
		*made = true;
		err = dtlsx_cert_make(&c);
		if (!err)
			err = write_file(c, path);
	}
	if (err)
		mem_deref(c);
	else
		*cp = c;

	return err;
}
