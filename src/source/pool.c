/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/pool.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORKERS = 64, TICK_MS = 100, FLUSH_BYTES = 32 << 10, MAX_DEATHS = 16 };

#define NO_ITEM UINT32_MAX

/* What worker and caller both see: a cache line each, for it is written at each item. */
struct slot {
    alignas(64) _Atomic uint32_t item; /* that is being done, or NO_ITEM */
    _Atomic uint64_t begins_ms;        /* when it was begun, or else the one before was done */
};

struct board {
    _Atomic uint32_t next;
    struct slot slots[MAX_WORKERS];
    _Atomic uint8_t claims[]; /* by item: which worker has it, from 1; 0: none yet */
};

/* A result on its way; `size` bytes follow. */
struct frame {
    uint32_t item;
    uint32_t size;
};

struct worker {
    pid_t pid; /* 0: there is none */
    int pipe;
    char *bytes; /* that were read of it: frames, the last of which may not be whole */
    size_t n, room;
};

struct pool {
    const struct pool_spec *spec;
    struct board *board;
    size_t board_bytes;
    bool *is_told; /* by item */
    uint32_t n_told;
    unsigned int n_deaths; /* of workers that did nothing */
    int start_error;       /* why the last one could not be started; 0: all could */
    uint64_t looked_ms;    /* when the workers' clocks were looked at */
    uint64_t resumed_ms;   /* when all went on after they were stopped: Ctrl-Z, a freezer */
    struct worker workers[MAX_WORKERS];
    unsigned int n_workers;
};

/* To a tick of the kernel, 10 ms at most: it is asked twice for each piece. */
static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static unsigned int workers_of(unsigned int n)
{
    return n == 0 ? 1 : n < MAX_WORKERS ? n : MAX_WORKERS;
}

/* A worker. */

static void write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);

        if (done < 0 && errno != EINTR)
            _exit(1); /* the caller is gone */
        if (done > 0) {
            bytes += done;
            n -= (size_t)done;
        }
    }
}

static void do_item(struct pool *pool, unsigned int number, uint32_t item, struct textbuf *results)
{
    struct slot *slot = &pool->board->slots[number];
    struct frame frame = {.item = item};
    size_t begin = results->n;

    atomic_store(&slot->begins_ms, now_ms());
    atomic_store(&slot->item, item);
    textbuf_add(results, (struct str){(const char *)&frame, sizeof(frame)});
    pool->spec->work(pool->spec->context, item, results);
    frame.size = (uint32_t)(results->n - begin - sizeof(frame));
    memcpy(results->bytes + begin, &frame, sizeof(frame));
    atomic_store(&slot->begins_ms, now_ms());
    atomic_store(&slot->item, NO_ITEM);
}

static void flush(int fd, struct textbuf *results, size_t limit)
{
    if (results->n <= limit)
        return;
    write_all(fd, results->bytes, results->n);
    results->n = 0;
}

/* First what a worker before it had claimed and not told, then whatever nobody has claimed. */
static void work(struct pool *pool, unsigned int number, int fd)
{
    struct board *board = pool->board;
    uint32_t n_items = pool->spec->n_items, item;
    struct textbuf results = {0};

    for (item = 0; item < n_items; item++)
        if (!pool->is_told[item] && atomic_load(&board->claims[item]) == number + 1) {
            do_item(pool, number, item, &results);
            flush(fd, &results, FLUSH_BYTES);
        }
    while ((item = atomic_fetch_add(&board->next, 1)) < n_items) {
        atomic_store(&board->claims[item], (uint8_t)(number + 1));
        do_item(pool, number, item, &results);
        flush(fd, &results, FLUSH_BYTES);
    }
    flush(fd, &results, 0);
    _exit(0);
}

/* The caller. */

static bool start(struct pool *pool, unsigned int number)
{
    struct worker *worker = &pool->workers[number];
    pid_t caller = getpid();
    int ends[2];

    atomic_store(&pool->board->slots[number].item, NO_ITEM);
    atomic_store(&pool->board->slots[number].begins_ms, now_ms());
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    worker->pid = fork();
    if (worker->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == caller)
            work(pool, number, ends[1]);
        _exit(1);
    }
    close(ends[1]);
    worker->pipe = ends[0];
    worker->n = 0;
    if (worker->pid > 0)
        return true;
    close(ends[0]);
    worker->pid = 0;
    return false;
}

static void tell_loss(struct pool *pool, uint32_t item, enum pool_loss loss)
{
    if (item == NO_ITEM || pool->is_told[item])
        return;
    pool->is_told[item] = true;
    pool->n_told++;
    pool->spec->lost(pool->spec->context, item, loss);
}

/* Tells of the frames that are whole. */
static void tell(struct pool *pool, struct worker *worker)
{
    size_t at = 0;
    struct frame frame;

    while (worker->n - at >= sizeof(frame)) {
        memcpy(&frame, worker->bytes + at, sizeof(frame));
        if (worker->n - at - sizeof(frame) < frame.size)
            break;
        if (frame.item < pool->spec->n_items && !pool->is_told[frame.item]) {
            pool->is_told[frame.item] = true;
            pool->n_told++;
            pool->spec->done(pool->spec->context, frame.item,
                             (struct str){worker->bytes + at + sizeof(frame), frame.size});
        }
        at += sizeof(frame) + frame.size;
    }
    memmove(worker->bytes, worker->bytes + at, worker->n - at);
    worker->n -= at;
}

/* False at the end: the worker is done, or dead. */
static bool receive(struct pool *pool, struct worker *worker)
{
    ssize_t n;

    if (worker->room - worker->n < FLUSH_BYTES) {
        worker->room = worker->room * 2 + 2 * FLUSH_BYTES;
        worker->bytes = xreallocarray(worker->bytes, worker->room, 1);
    }
    n = read(worker->pipe, worker->bytes + worker->n, worker->room - worker->n);
    if (n < 0 && errno == EINTR)
        return true;
    if (n <= 0)
        return false;
    worker->n += (size_t)n;
    tell(pool, worker);
    return true;
}

/*
 * One that is stuck in the kernel does not even die: nobody waits long for it, and it does no harm.
 * Another dies as soon as it runs, which takes its time on a busy machine.
 */
static void bury(struct worker *worker)
{
    enum { MOST_MS = 250 };
    static const struct timespec a_moment = {.tv_nsec = 1000000};

    kill(worker->pid, SIGKILL);
    for (int i = 0; i < MOST_MS && waitpid(worker->pid, NULL, WNOHANG) == 0; i++)
        nanosleep(&a_moment, NULL);
    close(worker->pipe);
    worker->pid = 0;
}

static bool has_claims(const struct pool *pool, unsigned int number)
{
    for (uint32_t i = 0; i < pool->spec->n_items; i++)
        if (!pool->is_told[i] && atomic_load(&pool->board->claims[i]) == number + 1)
            return true;
    return false;
}

/* One that cannot be started is told by start_error, and missed only if no other is left. */
static void try_start(struct pool *pool, unsigned int number)
{
    if (!start(pool, number))
        pool->start_error = errno;
}

/* Its piece is lost; what it had done and not handed over is done again. */
static bool replace(struct pool *pool, unsigned int number, enum pool_loss loss)
{
    struct board *board = pool->board;

    bury(&pool->workers[number]);
    if (atomic_load(&board->slots[number].item) == NO_ITEM && ++pool->n_deaths > MAX_DEATHS)
        return false;
    tell_loss(pool, atomic_load(&board->slots[number].item), loss);
    if (has_claims(pool, number) || atomic_load(&board->next) < pool->spec->n_items)
        try_start(pool, number);
    return true;
}

/* It has closed its pipe. */
static bool finish(struct pool *pool, unsigned int number)
{
    struct worker *worker = &pool->workers[number];
    int status = 0;

    if (waitpid(worker->pid, &status, 0) == worker->pid && WIFEXITED(status) &&
        WEXITSTATUS(status) == 0) {
        close(worker->pipe);
        worker->pid = 0;
        return true;
    }
    return replace(pool, number, POOL_DEATH);
}

/* Who could not look for long was not running, and the workers may not have been, either. */
static void note_pause(struct pool *pool, uint64_t now)
{
    enum { PAUSE_MS = 5 * TICK_MS };

    if (now > pool->looked_ms + PAUSE_MS)
        pool->resumed_ms = now;
    pool->looked_ms = now;
}

static uint64_t begin_of(const struct pool *pool, unsigned int number)
{
    uint64_t begins_ms = atomic_load(&pool->board->slots[number].begins_ms);

    return begins_ms > pool->resumed_ms ? begins_ms : pool->resumed_ms;
}

/* Where one hangs others may, too: not all of them one after the other.  As many as can be had. */
static void start_more(struct pool *pool)
{
    unsigned int n = workers_of(pool->spec->n_when_stuck);

    while (pool->n_workers < n && atomic_load(&pool->board->next) < pool->spec->n_items &&
           start(pool, pool->n_workers))
        pool->n_workers++;
}

/* Between two pieces as well, where it can have been stopped. */
static bool look_for_stuck(struct pool *pool)
{
    uint64_t now = now_ms();

    note_pause(pool, now);
    for (unsigned int i = 0; i < pool->n_workers; i++)
        if (pool->workers[i].pid && now > begin_of(pool, i) + pool->spec->timeout_ms) {
            if (!replace(pool, i, POOL_TIMEOUT))
                return false;
            start_more(pool);
        }
    return true;
}

static unsigned int poll_all(struct pool *pool, struct pollfd *polled, unsigned int *numbers)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < pool->n_workers; i++)
        if (pool->workers[i].pid) {
            numbers[n] = i;
            polled[n++] = (struct pollfd){.fd = pool->workers[i].pipe, .events = POLLIN};
        }
    if (n > 0)
        poll(polled, n, TICK_MS);
    return n;
}

static void do_here(struct pool *pool, uint32_t item, struct textbuf *result)
{
    result->n = 0;
    pool->spec->work(pool->spec->context, item, result);
    pool->is_told[item] = true;
    pool->n_told++;
    pool->spec->done(pool->spec->context, item, (struct str){result->bytes, result->n});
}

/* What there was no worker for. */
static void do_rest(struct pool *pool)
{
    const struct pool_spec *spec = pool->spec;
    struct textbuf result = {0};

    if (spec->alone && pool->n_told < spec->n_items)
        spec->alone(spec->context, pool->start_error);
    for (uint32_t item = 0; item < spec->n_items; item++) {
        if (pool->is_told[item])
            continue;
        do_here(pool, item, &result);
        if (spec->goes_on && !spec->goes_on(spec->context, pool->n_told))
            break;
    }
    free(result.bytes);
}

static bool serve(struct pool *pool)
{
    const struct pool_spec *spec = pool->spec;
    struct pollfd polled[MAX_WORKERS];
    unsigned int numbers[MAX_WORKERS], n;

    while ((n = poll_all(pool, polled, numbers)) > 0) {
        for (unsigned int i = 0; i < n; i++)
            if (polled[i].revents && !receive(pool, &pool->workers[numbers[i]]) &&
                !finish(pool, numbers[i]))
                return false;
        if (!look_for_stuck(pool))
            return false;
        if (spec->goes_on && !spec->goes_on(spec->context, pool->n_told))
            return true;
    }
    if (pool->start_error) {
        do_rest(pool);
        return true;
    }
    /* Whoever dies between taking a number and writing it down leaves a piece that is nobody's. */
    for (uint32_t item = 0; item < spec->n_items; item++)
        tell_loss(pool, item, POOL_DEATH);
    return true;
}

/* One alone will do, and when there is none for the first, there is none for the others. */
static void start_all(struct pool *pool)
{
    for (unsigned int i = 0; i < pool->n_workers && !pool->start_error; i++)
        try_start(pool, i);
}

static bool prepare(struct pool *pool, const struct pool_spec *spec)
{
    *pool = (struct pool){
        .spec = spec, .n_workers = workers_of(spec->n_workers), .looked_ms = now_ms()};
    pool->board_bytes = sizeof(struct board) + spec->n_items;
    pool->board =
        mmap(NULL, pool->board_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pool->board == MAP_FAILED)
        return false;
    pool->is_told = calloc(spec->n_items, sizeof(*pool->is_told));
    return pool->is_told != NULL || munmap(pool->board, pool->board_bytes) != 0;
}

bool pool_run(const struct pool_spec *spec, struct err *err)
{
    struct pool pool;
    bool ok;

    if (spec->n_items == 0)
        return true;
    if (!prepare(&pool, spec))
        return err_set(err, "cannot share memory with a helper process: %s", strerror(errno));
    start_all(&pool);
    ok = serve(&pool) || err_set(err, "helper processes end before they have done anything");
    for (unsigned int i = 0; i < pool.n_workers; i++) {
        if (pool.workers[i].pid)
            bury(&pool.workers[i]);
        free(pool.workers[i].bytes);
    }
    free(pool.is_told);
    munmap(pool.board, pool.board_bytes);
    return ok;
}
