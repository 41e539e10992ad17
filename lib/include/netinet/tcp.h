/* netinet/tcp.h: options at level IPPROTO_TCP. */
#pragma once

#define TCP_NODELAY 1 /* send small segments at once */
#define TCP_MAXSEG  2 /* read only: the largest segment sent */
