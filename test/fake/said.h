/* said.h: what the kernel said, line by line. */
#pragma once

extern char fake_said[4096];
extern unsigned fake_lines;
