/*
 * blkfront.h: disks (xen/io/blkif.h).
 *
 * Any number of threads may have transfers on their way; each call waits for
 * its own.  Whole pages of the caller's memory are granted to the back-end in
 * place for as long as the call lasts; what does not fill its page goes
 * through pages of the driver's.  A back-end that breaks the protocol or goes
 * away breaks the device: one line on the console and -EIO from then on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct blk;

/* vbd <id>, 51712 being xvda; waits for its back-end.  NULL with errno set:
 * ENODEV, ETIMEDOUT, ENOMEM, ENOSPC (grants), EDQUOT (xenstored's quota) or EIO
 * (nonsense in xenstore), both with a word on the console. */
struct blk *blk_open(unsigned id);

/* No other thread may be inside a call on blk. */
void blk_close(struct blk *blk);

/* A sector is always 512 bytes.  A disk of larger ones, blk_sector_size(), is
 * read and written in multiples of these only, and from multiples on. */
uint64_t blk_sectors(const struct blk *blk);
unsigned blk_sector_size(const struct blk *blk); /* bytes: 512 or 4096 */
bool blk_readonly(const struct blk *blk);
bool blk_broken(const struct blk *blk);

/* n sectors from sector on; data may lie anywhere in memory, but a page
 * boundary in it that is also a sector boundary saves copying.  0, -EINVAL
 * (beyond the end, or not in whole sectors of the disk), -EROFS, or -EIO:
 * then any part may have been written, and data read is undefined. */
int blk_read(struct blk *blk, uint64_t sector, void *data, unsigned n);
int blk_write(struct blk *blk, uint64_t sector, const void *data, unsigned n);

/* All that blk_write() has returned from is on the disk.  -EOPNOTSUPP: the
 * back-end makes no such promise. */
int blk_flush(struct blk *blk);
