/* tty.h: the console as descriptors 0, 1 and 2. */
#pragma once

/* Once, at boot, before main() runs. */
void tty_init(void);
