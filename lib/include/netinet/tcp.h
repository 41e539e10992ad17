/* netinet/tcp.h: options at level IPPROTO_TCP. */
#pragma once

#define TCP_NODELAY 1 /* send small segments at once */
#define TCP_MAXSEG  2 /* read only: the largest segment sent */

#define TCP_KEEPIDLE  4 /* seconds of silence before SO_KEEPALIVE asks, */
#define TCP_KEEPINTVL 5 /* seconds between its questions, */
#define TCP_KEEPCNT   6 /* how many it asks before it gives up */
