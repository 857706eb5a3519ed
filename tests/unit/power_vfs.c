/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "power_vfs.h"

enum {
	SECTOR = 512,
	FILES = 16,
	PATH = 512,
};

/* A file, however many have it open. now: as a reader sees it, safe: as the
 * disk has it, dirty: sectors that differ */
struct image {
	char path[PATH];
	uint8_t *now, *safe, *dirty;
	size_t len, safe_len, room;
};

struct power_file {
	sqlite3_file base;
	struct image *img;  /* NULL: of no interest */
	sqlite3_file *real; /* behind this */
};

static struct {
	pthread_mutex_t lock;
	sqlite3_vfs *real, vfs;
	struct image imgv[FILES];
	size_t imgc, space;
	bool sync_fails;
	unsigned syncs;
} power = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- images ------------------------------------------------------------- */

static void reserve(struct image *img, size_t len)
{
	size_t room = img->room ? img->room : 1 << 16;

	while (room < len)
		room *= 2;
	if (room == img->room)
		return;
	img->now = realloc(img->now, room);
	img->safe = realloc(img->safe, room);
	img->dirty = realloc(img->dirty, room / SECTOR);
	if (!img->now || !img->safe || !img->dirty)
		abort();
	memset(img->now + img->room, 0, room - img->room);
	memset(img->safe + img->room, 0, room - img->room);
	memset(img->dirty + img->room / SECTOR, 0, (room - img->room) / SECTOR);
	img->room = room;
}

static struct image *image_find(const char *path)
{
	for (size_t i = 0; i < power.imgc; i++)
		if (!strcmp(power.imgv[i].path, path))
			return &power.imgv[i];

	return NULL;
}

static struct image *image_get(const char *path)
{
	struct image *img = image_find(path);

	if (img)
		return img;
	if (power.imgc == FILES)
		abort();
	img = &power.imgv[power.imgc++];
	(void)snprintf(img->path, sizeof(img->path), "%s", path);

	return img;
}

static void image_write(struct image *img, const void *p, size_t n, size_t off)
{
	reserve(img, off + n);
	memcpy(img->now + off, p, n);
	if (off + n > img->len)
		img->len = off + n;
	for (size_t i = off / SECTOR; i <= (off + n - 1) / SECTOR; i++)
		img->dirty[i] = 1;
}

static void image_truncate(struct image *img, size_t len)
{
	if (len < img->len) {
		memset(img->now + len, 0, img->len - len);
		for (size_t i = len / SECTOR; i <= (img->len - 1) / SECTOR; i++)
			img->dirty[i] = 1;
	}
	reserve(img, len);
	img->len = len;
}

static void image_sync(struct image *img)
{
	for (size_t i = 0; i < img->room / SECTOR; i++) {
		if (img->dirty[i])
			memcpy(img->safe + i * SECTOR, img->now + i * SECTOR,
			       SECTOR);
		img->dirty[i] = 0;
	}
	img->safe_len = img->len;
}

/* ---- files -------------------------------------------------------------- */

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct power_file *)file)->real;
}

static struct image *image_of(sqlite3_file *file)
{
	return ((struct power_file *)file)->img;
}

static int f_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int f_read(sqlite3_file *file, void *p, int n, sqlite3_int64 off)
{
	return real_of(file)->pMethods->xRead(real_of(file), p, n, off);
}

static bool is_full(const struct image *img, size_t end)
{
	size_t used = 0;

	for (size_t i = 0; i < power.imgc; i++)
		used += power.imgv[i].len;

	return power.space && end > img->len &&
	       used + end - img->len > power.space;
}

static int f_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 off)
{
	struct image *img = image_of(file);
	int rc;

	(void)pthread_mutex_lock(&power.lock);
	if (img && is_full(img, (size_t)off + (size_t)n))
		rc = SQLITE_FULL;
	else
		rc = real_of(file)->pMethods->xWrite(real_of(file), p, n, off);
	if (!rc && img)
		image_write(img, p, (size_t)n, (size_t)off);
	(void)pthread_mutex_unlock(&power.lock);

	return rc;
}

static int f_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct image *img = image_of(file);
	int rc;

	(void)pthread_mutex_lock(&power.lock);
	rc = real_of(file)->pMethods->xTruncate(real_of(file), size);
	if (!rc && img)
		image_truncate(img, (size_t)size);
	(void)pthread_mutex_unlock(&power.lock);

	return rc;
}

static int f_sync(sqlite3_file *file, int flags)
{
	struct image *img = image_of(file);
	int rc = SQLITE_OK;
	(void)flags;

	(void)pthread_mutex_lock(&power.lock);
	++power.syncs;
	if (power.sync_fails)
		rc = SQLITE_IOERR_FSYNC;
	else if (img)
		image_sync(img);
	(void)pthread_mutex_unlock(&power.lock);

	return rc;
}

static int f_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int f_lock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int f_unlock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int f_reserved(sqlite3_file *file, int *out)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int f_control(sqlite3_file *file, int op, void *arg)
{
	return real_of(file)->pMethods->xFileControl(real_of(file), op, arg);
}

static int f_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int f_device(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int f_shm_map(sqlite3_file *file, int i, int size, int extend,
		     void volatile **p)
{
	return real_of(file)->pMethods->xShmMap(real_of(file), i, size, extend,
						p);
}

static int f_shm_lock(sqlite3_file *file, int off, int n, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), off, n, flags);
}

static void f_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int f_shm_unmap(sqlite3_file *file, int del)
{
	return real_of(file)->pMethods->xShmUnmap(real_of(file), del);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = f_close,
	.xRead = f_read,
	.xWrite = f_write,
	.xTruncate = f_truncate,
	.xSync = f_sync,
	.xFileSize = f_size,
	.xLock = f_lock,
	.xUnlock = f_unlock,
	.xCheckReservedLock = f_reserved,
	.xFileControl = f_control,
	.xSectorSize = f_sector,
	.xDeviceCharacteristics = f_device,
	.xShmMap = f_shm_map,
	.xShmLock = f_shm_lock,
	.xShmBarrier = f_shm_barrier,
	.xShmUnmap = f_shm_unmap,
};

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
		  int flags, int *out)
{
	struct power_file *f = (struct power_file *)file;
	int rc;
	(void)vfs;

	memset(f, 0, sizeof(*f));
	f->real = (sqlite3_file *)&f[1];
	rc = power.real->xOpen(power.real, name, f->real, flags, out);
	if (f->real->pMethods)
		f->base.pMethods = &methods;
	if (!rc && name) {
		(void)pthread_mutex_lock(&power.lock);
		f->img = image_get(name);
		(void)pthread_mutex_unlock(&power.lock);
	}

	return rc;
}

/* Removing a file is taken as safe at once */
static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct image *img;
	(void)vfs;

	(void)pthread_mutex_lock(&power.lock);
	img = image_find(name);
	if (img) {
		image_truncate(img, 0);
		image_sync(img);
	}
	(void)pthread_mutex_unlock(&power.lock);

	return power.real->xDelete(power.real, name, sync);
}

/* ---- for the test -------------------------------------------------------- */

int power_init(void)
{
	power.real = sqlite3_vfs_find(NULL);
	if (!power.real)
		return ENOENT;
	power.vfs = *power.real;
	power.vfs.zName = "power";
	power.vfs.pNext = NULL;
	power.vfs.szOsFile += (int)sizeof(struct power_file);
	power.vfs.xOpen = v_open;
	power.vfs.xDelete = v_delete;

	return sqlite3_vfs_register(&power.vfs, 1) ? EIO : 0;
}

void power_reset(void)
{
	for (size_t i = 0; i < power.imgc; i++) {
		free(power.imgv[i].now);
		free(power.imgv[i].safe);
		free(power.imgv[i].dirty);
	}
	memset(power.imgv, 0, sizeof(power.imgv));
	power.imgc = power.space = 0;
	power.sync_fails = false;
}

static int leave(const char *path, const char *to, unsigned *seed)
{
	const struct image *img = image_find(path);
	size_t len;
	int fd, err = 0;

	if (!img)
		return 0;
	fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return errno;
	/* the length is of one time or the other, too */
	len = rand_r(seed) & 1 ? img->len : img->safe_len;
	for (size_t off = 0; off < len && !err; off += SECTOR) {
		const bool now = img->dirty[off / SECTOR] && rand_r(seed) & 1;
		const size_t n = len - off < SECTOR ? len - off : SECTOR;

		if (pwrite(fd, (now ? img->now : img->safe) + off, n,
			   (off_t)off) != (ssize_t)n)
			err = EIO;
	}
	(void)close(fd);

	return err;
}

int power_loss(const char *path, const char *to, unsigned seed)
{
	char from[PATH + 8], log[PATH + 8];
	int err;

	(void)snprintf(from, sizeof(from), "%s-wal", path);
	(void)snprintf(log, sizeof(log), "%s-wal", to);
	(void)pthread_mutex_lock(&power.lock);
	err = leave(path, to, &seed);
	if (!err)
		err = leave(from, log, &seed);
	(void)pthread_mutex_unlock(&power.lock);

	return err;
}

void power_space(size_t bytes)
{
	(void)pthread_mutex_lock(&power.lock);
	power.space = bytes;
	(void)pthread_mutex_unlock(&power.lock);
}

void power_sync_fails(bool fails)
{
	(void)pthread_mutex_lock(&power.lock);
	power.sync_fails = fails;
	(void)pthread_mutex_unlock(&power.lock);
}

unsigned power_syncs(void)
{
	unsigned n;

	(void)pthread_mutex_lock(&power.lock);
	n = power.syncs;
	(void)pthread_mutex_unlock(&power.lock);

	return n;
}
