/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program with much to trace: churn WHAT [NUMBER].  What it prints and its exit status are always
 * the same.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AT_ONCE = 20 };

static const char *self;

static void *thread_run(void *argument)
{
    return argument;
}

static long threads(long number)
{
    pthread_t thread[AT_ONCE];
    long done = 0;

    while (done < number) {
        for (int i = 0; i < AT_ONCE; i++)
            if (pthread_create(&thread[i], NULL, thread_run, NULL) != 0)
                exit(3);
        for (int i = 0; i < AT_ONCE; i++)
            pthread_join(thread[i], NULL);
        done += AT_ONCE;
    }
    return done;
}

static long forks(long number)
{
    long done = 0;

    while (done < number) {
        for (int i = 0; i < AT_ONCE; i++) {
            pid_t child = fork();

            if (child < 0)
                exit(3);
            if (child == 0)
                _exit(1);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            int status;

            wait(&status);
            done += WEXITSTATUS(status);
        }
    }
    return done;
}

static void *forks_run(void *number)
{
    return (void *)forks((long)number);
}

/* Both at the same time, half of the number each. */
static long both(long number)
{
    pthread_t thread;
    void *done;
    long sum;

    pthread_create(&thread, NULL, forks_run, (void *)(number / 2));
    sum = threads(number / 2);
    pthread_join(thread, &done);
    return sum + (long)done;
}

static long vforks(long number)
{
    volatile long done = 0;

    while (done < number) {
        pid_t child = vfork();
        int status;

        if (child == 0) {
            execl(self, self, "one", (char *)NULL);
            _exit(0);
        }
        waitpid(child, &status, 0);
        done += WEXITSTATUS(status);
    }
    return done;
}

static void *execute(void *number)
{
    execl(self, self, "execs", (char *)number, (char *)NULL);
    return NULL;
}

/* From a thread that is not the first, again and again. */
static long execs(long number)
{
    static char left[32];
    pthread_t thread;

    if (number <= 0)
        return 17;
    snprintf(left, sizeof(left), "%ld", number - 1);
    pthread_create(&thread, NULL, execute, left);
    pthread_join(thread, NULL);
    return 0;
}

/* The state of a process as stat has it; ptrace() says t for what is T. */
static char state_of(pid_t pid)
{
    char path[64], text[512], *end;
    FILE *file;
    size_t n;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (!file)
        return 0;
    n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    end = strrchr(text, ')');
    return end ? end[2] : 0;
}

static volatile sig_atomic_t continued;

static void on_continue(int number)
{
    (void)number;
    continued++;
}

static long stops(long number)
{
    long done = 0;

    signal(SIGCONT, on_continue);
    while (done < number) {
        pid_t parent = getpid(), child = fork();

        if (child == 0) {
            while (state_of(parent) != 'T' && state_of(parent) != 't')
                usleep(100);
            usleep(2000); /* between two stops of one that is traced */
            kill(parent, SIGCONT);
            _exit(0);
        }
        raise(SIGSTOP);
        waitpid(child, NULL, 0);
        done++;
    }
    return continued == number ? done : -1;
}

/* It goes on when its parent, and the session, are gone; the pipe's other end waits for it. */
static long daemonizes(long number)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            usleep(200000);
            printf("the daemon is done\n");
            fflush(stdout);
        }
        _exit(0);
    }
    wait(NULL);
    return number;
}

/* A debugger of its own, as LeakSanitizer or a JVM's agent is one. */
static long traces(long number)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(1);
        raise(SIGUSR1);
        _exit(9);
    }
    waitpid(child, &status, 0);
    if (!WIFSTOPPED(status))
        return -1;
    ptrace(PTRACE_CONT, child, NULL, NULL);
    waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 9 ? number : -1;
}

static void *outlives(void *argument)
{
    usleep(100000);
    printf("the other thread is done\n");
    exit(4);
    return argument;
}

/* Its main thread ends first. */
static long ends_first(long number)
{
    pthread_t thread;

    pthread_create(&thread, NULL, outlives, NULL);
    pthread_exit(NULL);
    return number;
}

static void *quits(void *argument)
{
    printf("the other thread ends all\n");
    exit(0);
    return argument;
}

/* Another thread ends the process, with the status that a main thread has that is replaced. */
static long is_quit(long number)
{
    pthread_t thread;

    pthread_create(&thread, NULL, quits, NULL);
    pause();
    return number;
}

static const struct {
    const char *name;
    long (*run)(long number);
} kinds[] = {{"threads", threads}, {"forks", forks},           {"both", both},
             {"vforks", vforks},   {"execs", execs},           {"stops", stops},
             {"traces", traces},   {"daemonizes", daemonizes}, {"ends-first", ends_first},
             {"is-quit", is_quit}};

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc == 2 && strcmp(argv[1], "one") == 0)
        return 1;
    for (size_t i = 0; argc == 3 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strcmp(argv[1], kinds[i].name) == 0) {
            printf("%s: %ld\n", argv[1], kinds[i].run(atol(argv[2])));
            return 5;
        }
    return 2;
}
