/* buf.h: packet buffers, each from malloc: one that is used after it was freed
 * is found. */
#pragma once

/* Free those in quarantine, as only a fake can. */
void fake_buf_forget(void);
