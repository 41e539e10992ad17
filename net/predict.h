/*
 * predict.h: the way of most TCP segments over IPv4, past lwIP's layers: those
 * that are just what a connection expects next, be it data, an acknowledgement
 * or both (header prediction).  The pcb is changed as lwIP would change it; an
 * acknowledgement that finds our window closed is not answered, as lwIP does.
 */
#pragma once

#include <stdbool.h>

struct buf;
struct net_counts;
struct plain;

/* Give b, a received segment with these headers and TCP's in its first piece,
 * to its connection; true: it is gone.  The connection's callbacks take what
 * they get, and do not abort it. */
bool predict_received(const struct plain *h, struct buf *b,
                      struct net_counts *counts);
