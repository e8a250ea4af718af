/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work that is shared among processes of our own, because any piece of it may get stuck in the
 * kernel for ever, or fall over what a hostile target says: a worker that takes too long or dies is
 * replaced, and only its piece is lost.  Workers are forked, and see all that the caller had read
 * before.  Where none can be started, the caller does the work, and nothing of this holds.
 */
#ifndef SOURCE_POOL_H
#define SOURCE_POOL_H

#include "base/err.h"
#include "base/str.h"
#include "base/textbuf.h"

#include <stdbool.h>
#include <stdint.h>

/* Why a piece was lost. */
enum pool_loss {
    POOL_TIMEOUT, /* it took longer than spec.timeout_ms */
    POOL_DEATH    /* its worker died */
};

struct pool_spec {
    uint32_t n_items; /* pieces, by number from 0 */
    unsigned int n_workers;
    unsigned int n_when_stuck; /* so many, if those are more, once one of them took too long */
    unsigned int timeout_ms;   /* for one piece */
    void *context;
    /* In a worker: does a piece and appends its result.  Pieces come in any order. */
    void (*work)(void *context, uint32_t item, struct textbuf *result);
    /* In the caller, once for each piece, in any order: one of both.  The bytes are the call's. */
    void (*done)(void *context, uint32_t item, struct str result);
    void (*lost)(void *context, uint32_t item, enum pool_loss loss);
    /* In the caller, ten times a second at least; false ends it all.  May be NULL. */
    bool (*goes_on)(void *context, uint32_t n_done);
    /* In the caller, once, by errno, before it does itself what no worker can be started for. */
    void (*alone)(void *context, int error);
};

/* False when it cannot even begin, or workers die as they begin; not all was told of then. */
bool pool_run(const struct pool_spec *spec, struct err *err);

#endif
