/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parse/paste.h"

#include "../rows.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_deinit(&arena);
}

struct written {
    char text[8192];
    size_t n;
};

static void write_text(struct written *written, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void write_text(struct written *written, const char *format, ...)
{
    size_t room = sizeof(written->text) - written->n;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(written->text + written->n, room, format, ap);
    va_end(ap);
    ck_assert_int_lt(n, (int)room);
    written->n += (size_t)n;
}

/* "START-END PERMS OFFSET MAJOR:MINOR INODE NAME; ", with ? for what is not known. */
static void write_record(struct written *written, const struct paste_record *record)
{
    const struct maps_line *line = &record->smaps.line;
    char perms[5];

    write_text(written, "%llx-%llx %s ", (unsigned long long)line->range.start,
               (unsigned long long)line->range.end, perms_text(line->perms, perms));
    if (record->has & PASTE_HAS_OFFSET)
        write_text(written, "%llx ", (unsigned long long)line->offset);
    else
        write_text(written, "? ");
    if (record->has & PASTE_HAS_DEVICE)
        write_text(written, "%x:%x ", line->dev_major, line->dev_minor);
    else
        write_text(written, "? ");
    if (record->has & PASTE_HAS_INODE)
        write_text(written, "%llu ", (unsigned long long)line->inode);
    else
        write_text(written, "? ");
    write_text(written, "%.*s%s; ", (int)line->name.n, line->name.n ? line->name.p : "",
               record->has & PASTE_HAS_NAME ? "" : "?");
}

static void write_records(struct written *written, struct paste *paste)
{
    struct paste_record record;

    written->n = 0;
    written->text[0] = '\0';
    while (paste_next(paste, &record))
        write_record(written, &record);
}

static void write_spans(struct written *written, const struct paste *paste)
{
    written->n = 0;
    written->text[0] = '\0';
    for (size_t i = 0; i < paste->n_spans; i++) {
        const struct paste_span *span = &paste->spans[i];

        write_text(written, "%llu", (unsigned long long)span->first);
        if (span->last != span->first)
            write_text(written, "-%llu", (unsigned long long)span->last);
        write_text(written, " %s; ", paste_reason_text(span->reason));
    }
}

#define TWO "400000-401000 r-xp 0 fe:1 7 /bin/a b; 7f0000000000-7f0000001000 rw-p 0 0:0 0 ; "
#define A   "00400000-00401000 r-xp 00000000 fe:01 7       /bin/a b"
#define M1  "1000-2000 r-xp 0 fe:1 7 /bin/a"
#define M2  "2000-3000 rw-p 1000 fe:1 7 /bin/a"
#define M3  "9000-a000 rw-p 0 0:0 0 [stack]"
#define M123                                                              \
    "1000-2000 r-xp 0 fe:1 7 /bin/a; 2000-3000 rw-p 1000 fe:1 7 /bin/a; " \
    "9000-a000 rw-p 0 0:0 0 [stack]; "
#define B "7f0000000000-7f0000001000 rw-p 00000000 00:00 0"

static const struct {
    const char *name;
    const char *text;
    const char *records;
    const char *spans;
    const char *format;
} texts[] = {
    {"as the kernel writes it", A "\n" B " \n", TWO, "", "maps"},
    {"no newline at the end", A "\n" B, TWO, "", "maps"},
    {"CRLF", A "\r\n" B " \r\n", TWO, "", "maps"},
    {"CR alone", A "\r" B "\r", TWO, "", "maps"},
    {"CR twice before LF, of a serial console", A "\r\r\n" B "\r\r\n", TWO, "", "maps"},
    {"blank lines between", A "\n\n" B "\n\n", TWO, "", "maps"},
    {"blanks before, and padded to the right", "    " A "    \n    " B "      \n", TWO, "", "maps"},
    {"the first line without the blanks of the others", A "\n    " B "\n", TWO, "", "maps"},
    {"tabs", "\t00400000-00401000\tr-xp\t00000000\tfe:01\t7\t/bin/a b\n\t" B "\n", TWO, "", "maps"},
    {"no-break spaces in UTF-8",
     "00400000-00401000\xc2\xa0r-xp 00000000 fe:01 7\xc2\xa0 \xc2\xa0/bin/a b\n" B "\xc2\xa0\n",
     TWO, "", "maps"},
    {"no-break spaces in Latin-1", "00400000-00401000 r-xp 00000000 fe:01 7\xa0 \xa0/bin/a b\n" B,
     TWO, "", "maps"},
    {"other blanks, and characters of no width",
     "\xef\xbb\xbf\xe2\x80\x8b" A "\xe2\x80\x8b\n\xe2\x80\x83\xe3\x80\x80" B "\xe2\x80\xa8\n", TWO,
     "", "maps"},
    {"quoted", "> " A "\n> " B "\n", TWO, "", "maps"},
    {"quoted twice, once without a blank", "> > " A "\n>> " B "\n", TWO, "", "maps"},
    {"quoted with bars", "| " A "\n| " B "\n", TWO, "", "maps"},
    {"in a fence", "```\n" A "\n" B "\n```\n", TWO, "", "maps"},
    {"line breaks of HTML", A "<br/>\n" B " <br />\n", TWO, "", "maps"},
    {"colours",
     "\x1b[1;31m00400000-00401000\x1b[0m r-xp 00000000 fe:01 7 /bin/\x1b[01;31m\x1b[Ka\x1b[m\x1b[K "
     "b\n\x1b]0;title\x07" B "\n",
     TWO, "", "maps"},
    {"grep -n", "1:" A "\n12:" B "\n", TWO, "", "maps"},
    {"grep -n of a file", "/tmp/my maps:1:" A "\n/tmp/my maps:12:" B "\n", TWO, "", "maps"},
    {"syslog", "Jan  1 09:59:59 host app[71]: " A "\nFeb 12 10:00:00 host app[71]: " B "\n", TWO,
     "", "maps"},
    {"dmesg", "[    1.234567] " A "\n[12345.678901] " B "\n", TWO, "", "maps"},
    {"a time in front", "2024-01-01T09:59:59.123456789Z " A "\n2024-01-01T10:00:00.1Z " B "\n", TWO,
     "", "maps"},
    {"upper case and 0x",
     "0x400000-0x401000 r-xp 0x0 FE:01 7 /bin/a b\n7F0000000000-7F0000001000 "
     "rw-p 00000000 00:00 0\n",
     TWO, "", "maps"},
    {"13 and 16 digits, and wide devices of 32-bit kernels",
     "0000000400000-0000000401000 r-xp 0000000000000 00000000fe:000000001 7  /bin/a b\n"
     "00007f0000000000-00007f0000001000 rw-p 00000000 00:00 0\n",
     TWO, "", "maps"},
    {"unpadded", "400000-401000 r-xp 0 fe:1 7 /bin/a b\n7f0000000000-7f0000001000 rw-p 0 0:0 0\n",
     TWO, "", "maps"},
    {"name on a line of its own", "00400000-00401000 r-xp 00000000 fe:01 7\n/bin/a b\n" B "\n", TWO,
     "", "maps"},
    {"special name on a line of its own", "> 1000-2000 rw-p 00000000 00:00 0\n> [heap]\n",
     "1000-2000 rw-p 0 0:0 0 [heap]; ", "", "maps"},
    {"a path in a line of its own after a mapping without a file",
     "1000-2000 rw-p 0 00:00 0\n/bin\n", "1000-2000 rw-p 0 0:0 0 ; ", "2 no mapping; ", "maps"},
    {"a file that lost its name", "1000-2000 rw-p 00000000 fe:00 9\n",
     "1000-2000 rw-p 0 fe:0 9 ?; ", "", "maps"},
    {"columns left out",
     "1000-2000 rw-p\n2000-3000 r--p 00001000\n3000-4000 r--s 0 fe:2\n"
     "4000-5000 ---p [stack]\n5000-6000 ???? /x\n6000-7000 r-x? 0 0:0 0\n",
     "1000-2000 rw-p ? ? ? ?; 2000-3000 r--p 1000 ? ? ?; 3000-4000 r--s 0 fe:2 ? ?; "
     "4000-5000 ---p ? ? ? [stack]; 5000-6000 ???? ? ? ? /x; 6000-7000 r-x? 0 0:0 0 ; ",
     "", "maps"},
    {"52 bits", "fffffffff0000-fffffffff1000 rw-p 00000000 00:00 0 [stack]\n",
     "fffffffff0000-fffffffff1000 rw-p 0 0:0 0 [stack]; ", "", "maps"},
    {"around it other text", "Hello,\n\nplease see:\n" A "\n" B "\nRegards\n", TWO,
     "1-3 no mapping; 6 no mapping; ", "maps"},
    {"text between", A "\nthis one, I think:\n" B "\n", TWO, "2 no mapping; ", "maps"},
    {"a mapping in a sentence", "I see 1000-2000 r-xp 00000000 fe:01 7 /x there\n" A "\n",
     "400000-401000 r-xp 0 fe:1 7 /bin/a b; ", "1 no mapping; ", "maps"},
    {"a mapping quoted before all of them",
     "> 7f0000000000-7f0000001000 rw-p 0 0:0 0\n\nIn full:\n" A "\n" B "\n", TWO,
     "1 another map; 3 no mapping; ", "maps"},
    {"a line cut in its range", A "\n" B "\n7f0000002000-7f00\n", TWO,
     "3 a mapping that is cut off; ", "maps"},
    {"a line cut in its permissions", A "\n" B "\n7f0000002000-7f0000003000 rw\n", TWO,
     "3 a mapping that is cut off; ", "maps"},
    {"a date is no address", A "\n" B "\n2024-01\n", TWO, "3 no mapping; ", "maps"},
    {"torn", A "\n00400000-00402000 r-xp 00000000 fe:01 7 /bin/a b\n" B "\n", TWO,
     "2 overlaps the mapping before; ", "maps"},
    {"empty ranges", "1000-1000 rw-p 00000000 00:00 0\n" A "\n401000-401000 ---p 0 0:0 0\n" B "\n",
     TWO, "1 a mapping of no bytes; 3 a mapping of no bytes; ", "maps"},
    {"two processes", A "\n" B "\n" A "\n" B "\n", TWO, "3-4 another map; ", "maps"},
    {"the longer of two", A "\n\n" A "\n" B "\n", TWO, "1 another map; ", "maps"},
    {"ascending, but of two files",
     "==> /proc/1/maps <==\n" A "\n" B "\n\n==> /proc/2/maps <==\n"
     "7f0000002000-7f0000003000 rw-p 00000000 00:00 0\n",
     TWO, "6 another map; ", "maps"},
    {"ascending, but in another dialect",
     A "\n" B "\n0x7f0000002000 0x7f0000003000 0x1000 0x0 /x\n", TWO, "3 another map; ", "maps"},
    {"ascending, but behind another prefix",
     A "\n" B "\nhost: 7f0000002000-7f0000003000 rw-p 00000000 00:00 0\n", TWO, "3 another map; ",
     "maps"},
    {"in reverse order", M3 "\n" M2 "\n" M1 "\n", M123, "", "maps"},
    {"in no order", M2 "\n" M3 "\n" M1 "\n", M123, "", "maps"},
    {"in no order, quoted", "> " M3 "\r\n> " M2 "\r\n> " M1 "\r\n", M123, "", "maps"},
    {"in no order, a line twice in a row", M2 "\n" M2 "\n" M3 "\n" M1 "\n", M123,
     "2 overlaps the mapping before; ", "maps"},
    {"in no order, but a line twice", M2 "\n" M3 "\n" M1 "\n" M2 "\n",
     "2000-3000 rw-p 1000 fe:1 7 /bin/a; 9000-a000 rw-p 0 0:0 0 [stack]; ", "3-4 another map; ",
     "maps"},
    {"in no order, but two of them overlap", M3 "\n" M2 "\n" M1 "\n2800-3800 rw-p 0 0:0 0\n",
     "1000-2000 r-xp 0 fe:1 7 /bin/a; 2800-3800 rw-p 0 0:0 0 ; ", "1 another map; 2 another map; ",
     "maps"},
    {"in no order, but a blank line between", M2 "\n" M3 "\n\n" M1 "\n",
     "2000-3000 rw-p 1000 fe:1 7 /bin/a; 9000-a000 rw-p 0 0:0 0 [stack]; ", "4 another map; ",
     "maps"},
    {"in no order, but in two dialects", M2 "\n" M3 "\n0x1000 0x2000 0x1000 0x0 /bin/a\n",
     "2000-3000 rw-p 1000 fe:1 7 /bin/a; 9000-a000 rw-p 0 0:0 0 [stack]; ", "3 another map; ",
     "maps"},
    {"none fits to another", "9000-a000 rw-p 0 0:0 0\n1000-2000 r-xp 0 fe:1 7 /bin/a\n",
     "9000-a000 rw-p 0 0:0 0 ; ", "2 another map; ", "maps"},
    {"two stacks", M2 "\n" M3 "\n" M1 "\n7000-8000 rw-p 0 0:0 0 [stack]\n",
     "2000-3000 rw-p 1000 fe:1 7 /bin/a; 9000-a000 rw-p 0 0:0 0 [stack]; ", "3-4 another map; ",
     "maps"},
    {"two stacks in one run do no less harm than in two",
     M2 "\n8000-8800 rw-p 0 0:0 0 [stack]\n" M3 "\n" M1 "\n",
     "2000-3000 rw-p 1000 fe:1 7 /bin/a; 8000-8800 rw-p 0 0:0 0 [stack]; "
     "9000-a000 rw-p 0 0:0 0 [stack]; ",
     "4 another map; ", "maps"},
    {"pieces of a stack, and two names that many have",
     M3 "\n8000-9000 ---p 0 0:0 0 [stack]\n6000-7000 rw-p 0 0:0 0 [anon:x]\n"
        "4000-5000 rw-p 0 0:0 0 [anon:x]\n",
     "4000-5000 rw-p 0 0:0 0 [anon:x]; 6000-7000 rw-p 0 0:0 0 [anon:x]; "
     "8000-9000 ---p 0 0:0 0 [stack]; 9000-a000 rw-p 0 0:0 0 [stack]; ",
     "", "maps"},
    {"the same part of a file",
     M2 "\n" M3 "\n" M1 "\n5000-6000 r-xp 0 fe:1 7 /bin/a\n"
        "7000-8000 r-xp 0 fe:1 8 /lib/b\n4000-4800 r-xp 0 fe:1 8 /lib/b\n",
     "1000-2000 r-xp 0 fe:1 7 /bin/a; 5000-6000 r-xp 0 fe:1 7 /bin/a; "
     "7000-8000 r-xp 0 fe:1 8 /lib/b; ",
     "1-2 another map; 6 another map; ", "maps"},
    {"the same part of a file with other permissions, and twice in one run or shared",
     "2000-3000 rw-p 0 fe:1 7 /bin/a\n5000-6000 rw-s 0 fe:1 8 /b\n" M1
     "\n4000-5000 rw-s 0 fe:1 8 /b\n6000-7000 r--p 0 fe:1 9 /c\n7000-8000 r--p 0 fe:1 9 /c\n",
     "1000-2000 r-xp 0 fe:1 7 /bin/a; 2000-3000 rw-p 0 fe:1 7 /bin/a; "
     "4000-5000 rw-s 0 fe:1 8 /b; 5000-6000 rw-s 0 fe:1 8 /b; 6000-7000 r--p 0 fe:1 9 /c; "
     "7000-8000 r--p 0 fe:1 9 /c; ",
     "", "maps"},
    {"another process that fits together in itself",
     M2 "\n" M3 "\n" M1 "\n700-800 r--p 2000 fe:1 8 /b\n800-900 r-xp 0 fe:1 8 /b\n"
        "900-a00 rw-p 1000 fe:1 8 /b\n",
     "700-800 r--p 2000 fe:1 8 /b; 800-900 r-xp 0 fe:1 8 /b; 900-a00 rw-p 1000 fe:1 8 /b; ",
     "1-2 another map; 3 another map; ", "maps"},
    {"two that fit together, side by side by chance",
     M2 "\n" M3 "\n" M1 "\n800-900 r-xp 0 fe:1 8 /b\n900-a00 rw-p 1000 fe:1 8 /b\n",
     "800-900 r-xp 0 fe:1 8 /b; 900-a00 rw-p 1000 fe:1 8 /b; " M123, "", "maps"},
    {"the longer of two, of which the other is in no order",
     M2 "\n" M3 "\n" M1 "\n/proc/7/maps:\n" A "\n" B "\n7f0000002000-7f0000003000 rw-p 0 0:0 0\n"
        "7f0000004000-7f0000005000 rw-p 0 0:0 0\n",
     TWO "7f0000002000-7f0000003000 rw-p 0 0:0 0 ; 7f0000004000-7f0000005000 rw-p 0 0:0 0 ; ",
     "1-3 another map; ", "maps"},
    {"the source of a web page",
     "==&gt; /proc/71/maps &lt;==\n&gt; 00400000-00401000&nbsp;r-xp&#160;00000000 fe:01 7 &nbsp; "
     "/bin/a b&nbsp;<br>\n&gt;&gt;&nbsp;7f0000000000-7f0000001000 rw-p 0&#xa0;00:00 0&#8203;\n",
     TWO, "", "maps"},
    {"names of characters that a file's name may hold",
     "1000-2000 rw-p 0 fe:1 7 /a&lt;b&amp;nbsp;&gt;\n",
     "1000-2000 rw-p 0 fe:1 7 /a&lt;b&amp;nbsp;&gt;; ", "", "maps"},
    {"what is left of a name when another was taken out of it",
     "1000-2000 rw-p 0 fe:1 7 /a&nb\x1b[0msp;b&nb&nbsp;sp;c\n",
     "1000-2000 rw-p 0 fe:1 7 /a b&nb sp;c; ", "", "maps"},
    {"\"(deleted)\" on the next line, twice behind a name on a line of its own",
     "1000-2000 rw-p 00000000 fe:01 7 /a\n(deleted)\n"
     "2000-3000 rw-p 00000000 fe:01 7\n/b c\n(deleted)\n3000-4000 rw-p 00000000 00:00 0\n",
     "1000-2000 rw-p 0 fe:1 7 /a (deleted); 2000-3000 rw-p 0 fe:1 7 /b c (deleted); "
     "3000-4000 rw-p 0 0:0 0 ; ",
     "", "maps"},
    {"\"(deleted)\" that belongs to nothing",
     "1000-2000 rw-p 00000000 00:00 0\n(deleted)\n"
     "2000-3000 rw-p 00000000 fe:01 7 /a (deleted)\n(deleted)\n"
     "3000-4000 rw-p 00000000 fe:01 7 /a\nRss: 4 kB\n(deleted)\n",
     "1000-2000 rw-p 0 0:0 0 ; 2000-3000 rw-p 0 fe:1 7 /a (deleted); 3000-4000 rw-p 0 fe:1 7 /a; ",
     "2 no mapping; 4 no mapping; 7 no mapping; ", "smaps"},
    {"a name cut in two by a terminal",
     "7f0000000000-7f0000001000 r-xp 00000000 fe:01 7                 /usr/lib/x86_64-linux-g\n"
     "nu/libc.so.6\n",
     "7f0000000000-7f0000001000 r-xp 0 fe:1 7 /usr/lib/x86_64-linux-g; ",
     "2 perhaps the end of the name before; ", "maps"},
    {"no end of a name",
     "7f0000000000-7f0000001000 r-xp 00000000 fe:01 7                 /usr/lib/x86_64-linux-g\n"
     "that is in /usr/lib\n" A "\nnu/libc.so.6\n",
     "7f0000000000-7f0000001000 r-xp 0 fe:1 7 /usr/lib/x86_64-linux-g; ",
     "2 no mapping; 3 another map; 4 no mapping; ", "maps"},
    {"a sum", "400000-7f0000001000 ---p 00000000 00:00 0 [rollup]\nRss: 4 kB\n" A "\n" B "\n", TWO,
     "1-2 a sum over all mappings; ", "maps"},
    {"smaps", A "\nSize:   4 kB\nRss:   4 kB\nVmFlags: rd ex\n" B "\nRss: 0 kB\n", TWO, "",
     "smaps"},
    {"smaps behind grep -n", "1:" A "\n2:Size:     4 kB\n3:Rss:  4 kB\n12:" B "\n13:Rss: 0 kB\n",
     TWO, "", "smaps"},
    {"smaps and then another file of such lines",
     A "\n" B "\nRss: 4 kB\n\n/proc/meminfo\n"
       "MemTotal: 1 kB\nSwap: 7 kB\n",
     TWO, "5-7 no mapping; ", "smaps"},
    {"maps and then meminfo", A "\n" B "\nMemTotal: 1 kB\n", TWO, "3 no mapping; ", "maps"},
    {"gdb 12 and later",
     "process 71\nMapped address spaces:\n\n"
     "          Start Addr           End Addr       Size     Offset  Perms  objfile\n"
     "      0x000000400000     0x000000401000     0x1000     0x1000  r-xp   /bin/a b\n"
     "warning: unable to open /proc file\n"
     "      0x7f0000000000     0x7f0000001000     0x1000        0x0  rw-s   \n",
     "400000-401000 r-xp 1000 ? ? /bin/a b; 7f0000000000-7f0000001000 rw-s 0 ? ? ; ",
     "6 no mapping; ", "gdb info proc mappings"},
    {"older gdb",
     "process 71\nMapped address spaces:\n\n\tStart Addr   End Addr       Size     Offset objfile\n"
     "\t 0x8048000  0x8049000     0x1000          0      /tmp/a b\n"
     "\t0xf7d81000 0xf7da3000    0x22000        0x0 \n",
     "8048000-8049000 ???? 0 ? ? /tmp/a b; f7d81000-f7da3000 ???? 0 ? ? ; ", "",
     "gdb info proc mappings without permissions"},
    {"sizes that do not fit are not gdb's", A "\n0x8048000 0x8049000 0x1001 0 /x\n",
     "400000-401000 r-xp 0 fe:1 7 /bin/a b; ", "2 no mapping; ", "maps"},
    {"qemu-user, the last of its dumps",
     "start            end              size             prot\n"
     "0000000000400000-00000000024ad000 00000000020ad000 ---\n"
     "0000004000000000-0000004000001000 0000000000001000 rw-\n"
     "page layout changed following mmap\n"
     "start            end              size             prot\n"
     "0000000000400000-0000000000401000 0000000000001000 r--\n",
     "400000-401000 r--? ? ? ? ?; ", "2-3 another map; ", "qemu-user page dump"},
    {"a sanitizer's",
     "==71==Process memory map follows:\n\t0x00007fff7000-0x00008fff7000\t\n"
     "\t0x564c4f0bc000-0x564c4f0dc000\t/bin/a b\n\t0x7ffc040cc000-0x7ffc040ed000\t[stack]\n"
     "==71==End of process memory map.\n0x1-0x2 reserved\n",
     "7fff7000-8fff7000 ???? ? ? ? ; 564c4f0bc000-564c4f0dc000 ???? ? ? ? /bin/a b; "
     "7ffc040cc000-7ffc040ed000 ???? ? ? ? [stack]; ",
     "6 no mapping; ", "sanitizer process memory map"},
    {"a sanitizer's with permissions",
     "==71==Process memory map follows:\n\t0x1000-0x2000 r-xp\t/bin/a b\n",
     "1000-2000 r-xp ? ? ? /bin/a b; ", "", "sanitizer process memory map"},
    {"abort message of glibc",
     "*** glibc detected *** ./a: double free or corruption: 0x09b59008 ***\n"
     "======= Backtrace: =========\n/lib/libc.so.6(+0x6ff22)[0xf7d81f22]\n"
     "======= Memory map: ========\n" A "\n" B "\nAborted\n",
     TWO, "1-3 no mapping; 7 no mapping; ", "abort message of glibc"},
    {"log of the JVM",
     "#  SIGSEGV (0xb) at pc=0x00007f3c244d7f14, pid=71, tid=72\n"
     "Stack: [0x00007fff3e84f000,0x00007fff3f04e000],  sp=0x00007fff3f0495c0\n"
     "CDS archive(s) mapped at: [0x11000000-0x11d95000-0x11d95000), size 14241792\n"
     "|   0|0x00000000fc000000, 0x00000000fc100000|Complete \n"
     "[0x0000000011000000 - 0x0000000052000000] reserved 1064960KB for Class\n"
     "0x00007f3c244d7e74:   00 01 00 00 40 80 ce 89 44 31 c6 45 84 c9 75 54\n"
     "Dynamic libraries:\n" A "\n" B "\nTotal number of mappings: 2\n\nVM Arguments:\n",
     TWO, "1-6 no mapping; 12 no mapping; ", "log of the JVM"},
    {"jcmd System.map",
     "71:\nMemory mappings:\n"
     "from               to              vsize prot   rss hugetlb pgsz notes info    file\n"
     "==================================================================================\n"
     "0x0000000000400000-0x0000000000401000     4096 r-xp   4096    0 4K   com   CDS     /bin/a b\n"
     "0x00007f0000000000-0x00007f0000001000     4096 rw-p   4096    0 4K   com   "
     "STACK-71-C1 CompilerThread0 -\n"
     "0x00007f0000001000-0x00007f0000002000     4096 rw-p      0    0 4K   -     -       [stack]\n",
     "400000-401000 r-xp ? ? ? /bin/a b; 7f0000000000-7f0000001000 rw-p ? ? ? ; "
     "7f0000001000-7f0000002000 rw-p ? ? ? [stack]; ",
     "", "jcmd System.map"},
    {"pmap",
     "71:   ./a\n0000000000400000      4K r-x-- a b\n00007f0000000000    132K rw-s-   [ anon ]\n"
     "00007f0000100000      8K rw--R   [ stack ]\n total             144K\n",
     "400000-401000 r-xp ? ? ? a b?; 7f0000000000-7f0000021000 rw-s ? ? ? ?; "
     "7f0000100000-7f0000102000 rw-p ? ? ? [stack]; ",
     "", "pmap"},
    {"pmap -p", "08048000      4K r-x-- /bin/a b\n", "8048000-8049000 r-xp ? ? ? /bin/a b; ", "",
     "pmap"},
    {"pmap -x",
     "71:   ./a\nAddress           Kbytes     RSS   Dirty Mode  Mapping\n"
     "0000000000400000       4       4       0 r-x-- a b\n"
     "---------------- ------- ------- ------- \ntotal kB               4       4       0\n",
     "400000-401000 r-xp ? ? ? a b?; ", "", "pmap -x"},
    {"pmap -x of old",
     "Address   Kbytes     RSS    Anon  Locked Mode   Mapping\n"
     "08048000       4       -       -       - r-x--  a b\n",
     "8048000-8049000 r-xp ? ? ? a b?; ", "", "pmap -x"},
    {"pmap -d",
     "Address           Kbytes Mode  Offset           Device    Mapping\n"
     "0000000000400000       4 r-x-- 0000000000001000 0fe:00001 a b\n"
     "mapped: 4K    writeable/private: 0K    shared: 0K\n",
     "400000-401000 r-xp 1000 fe:1 ? a b?; ", "", "pmap -d"},
    {"pmap -XX",
     "71:   ./a\n"
     "         Address Perm   Offset Device Inode Size Rss Pss THPeligible         VmFlags "
     "Mapping\n"
     "        00400000 r-xp 00001000  fe:01     7    4   4   2           0 rd ex mr mw me a b\n"
     "    7f0000000000 rw-p 00000000  00:00     0  132   8   8           0       rd wr ac [stack]\n"
     "                                             ==== === === =========== \n"
     "                                              136  12  10           0 KB \n",
     "400000-401000 r-xp 1000 fe:1 7 a b?; 7f0000000000-7f0000021000 rw-p 0 0:0 0 [stack]; ", "",
     "pmap -X"},
};

static void check_counts(const struct paste *paste)
{
    uint64_t last = 0, covered = 0;

    for (size_t i = 0; i < paste->n_spans; i++) {
        const struct paste_span *span = &paste->spans[i];

        ck_assert(span->first > last && span->last >= span->first);
        last = span->last;
        covered += span->last - span->first + 1;
    }
    ck_assert_uint_le(last, paste->n_lines);
    ck_assert_uint_le(paste->n_rejected, covered);
    ck_assert_uint_le(covered, paste->n_rejected + paste->n_blank);
    ck_assert_uint_eq(paste->n_mappings + paste->n_details + paste->n_blank + paste->n_headings +
                          paste->n_rejected,
                      paste->n_lines);
}

static bool open_text(struct paste *paste, const char *text, size_t n)
{
    struct err err = {""};
    bool found = paste_open(paste, (struct str){text, n}, &arena, &err);

    check_counts(paste);
    ck_assert_int_eq(found, paste->n_mappings > 0);
    ck_assert_int_eq(found, err.text[0] == '\0');
    return found;
}

START_TEST(test_text)
{
    struct written written;
    struct paste paste;

    ROW_TRUE(&texts[_i], open_text(&paste, texts[_i].text, strlen(texts[_i].text)));
    ROW_TEXT(&texts[_i], paste.format, texts[_i].format);
    write_spans(&written, &paste);
    ROW_TEXT(&texts[_i], written.text, texts[_i].spans);
    write_records(&written, &paste);
    ROW_TEXT(&texts[_i], written.text, texts[_i].records);
    ROW_TRUE(&texts[_i], paste_looks_like(str_of(texts[_i].text)));
}
END_TEST

/* Each beginning, in a copy of the exact size: the counts hold, and the records ascend. */
START_TEST(test_cut_text)
{
    size_t n = strlen(texts[_i].text);

    for (size_t cut = 0; cut <= n; cut++) {
        char *copy = malloc(cut > 0 ? cut : 1);
        struct paste_record record;
        struct paste paste;
        uint64_t end = 0, found = 0;

        memcpy(copy, texts[_i].text, cut);
        open_text(&paste, copy, cut);
        for (; paste_next(&paste, &record); found++) {
            ROW_TRUE(&texts[_i], record.smaps.line.range.start >= end);
            ROW_TRUE(&texts[_i], record.smaps.line.range.end > record.smaps.line.range.start);
            end = record.smaps.line.range.end;
        }
        ROW_NUMBER(&texts[_i], found, paste.n_mappings);
        free(copy);
    }
}
END_TEST

/* What is known in full, printed as the kernel does, is read as the same, and by maps_parse_line()
 * too, which reads nothing else. */
START_TEST(test_again)
{
    struct written first, kernel = {.n = 0}, second;
    struct paste_record record;
    struct paste paste;
    char perms[5];

    open_text(&paste, texts[_i].text, strlen(texts[_i].text));
    first.n = 0;
    first.text[0] = '\0';
    while (paste_next(&paste, &record)) {
        const struct maps_line *line = &record.smaps.line;
        const char *start = kernel.text + kernel.n;
        struct maps_line exact;

        if (record.has != 15 || (line->perms & (PERM_UNKNOWN | PERM_SHARING_UNKNOWN)))
            continue;
        write_record(&first, &record);
        write_text(&kernel, "%08llx-%08llx %s %08llx %02x:%02x %llu %.*s\n",
                   (unsigned long long)line->range.start, (unsigned long long)line->range.end,
                   perms_text(line->perms, perms), (unsigned long long)line->offset,
                   line->dev_major, line->dev_minor, (unsigned long long)line->inode,
                   (int)line->name.n, line->name.n ? line->name.p : "");
        ROW_TRUE(&texts[_i], maps_parse_line((struct str){start, strlen(start) - 1}, &exact));
        ROW_TRUE(&texts[_i], str_eq(exact.name, line->name));
    }
    if (kernel.n == 0)
        return;
    ROW_TRUE(&texts[_i], open_text(&paste, kernel.text, kernel.n));
    ROW_NUMBER(&texts[_i], paste.n_lines, paste.n_mappings);
    write_records(&second, &paste);
    ROW_TEXT(&texts[_i], second.text, first.text);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
} others[] = {
    {"nothing", ""},
    {"blank lines", "\n \n\t\n"},
    {"a letter", "Dear all,\nit crashes.\n"},
    {"only a sum", "1000-9000 ---p 00000000 00:00 0 [rollup]\nRss: 4 kB\n"},
    {"only an empty range", "1000-1000 rw-p 00000000 00:00 0\n"},
    {"ends before it starts", "2000-1000 rw-p 00000000 00:00 0\n"},
    {"17 digits that matter", "10000000000000000-20000000000000000 rw-p 00000000 00:00 0\n"},
    {"five permissions", "1000-2000 rw-pp 00000000 00:00 0\n"},
    {"permissions in another order", "1000-2000 wr-p 00000000 00:00 0\n"},
    {"device beyond 32 bits", "1000-2000 rw-p 00000000 100000000:00 0\n"},
    {"inode beyond 64 bits", "1000-2000 rw-p 00000000 00:00 18446744073709551616\n"},
    {"a range and a sentence", "1000-2000 rw-p of it\n"},
    {"a sanitizer's lines without its heading", "0x1000-0x2000\t/bin/a\n"},
    {"resources of a PCI device", "pci 0000:00:02.0: BAR 2 [mem 0xe0000000-0xefffffff 64bit]\n"},
    {"ranges of physical memory", "00001000-0009fbff : System RAM\n"},
    {"size of pmap beyond 64 bits", "fffffffffffff000      8K rw--- a\n"},
    {"sections of an object", " [0]      0x5609ae68a318->0x5609ae68a334 at 0x00000318: .interp\n"},
};

START_TEST(test_other_text)
{
    struct paste_record record;
    struct paste paste;

    ROW_TRUE(&others[_i], !open_text(&paste, others[_i].text, strlen(others[_i].text)));
    ROW_TRUE(&others[_i], !paste_next(&paste, &record));
}
END_TEST

START_TEST(test_sizes)
{
    static const char text[] =
        A "\nSize: 4 kB\nKernelPageSize: 4 kB\nRss: 8 kB\nPrivate_Dirty: 4 kB\n"
          "NewInLinux99: 5 kB\nVmFlags: rd ex gd\n" B "\nRss: 0 kB\nKernelPageSize: 2048 kB\n";
    struct paste_record record;
    struct paste paste;

    ck_assert(open_text(&paste, text, sizeof(text) - 1));
    ck_assert_uint_eq(paste.page_bytes, 4096);
    ck_assert_uint_eq(paste.n_details, 8);
    ck_assert(paste_next(&paste, &record));
    ck_assert_uint_eq(record.smaps.rss_bytes, 8 << 10);
    ck_assert_uint_eq(record.smaps.private_bytes, 4 << 10);
    ck_assert_uint_eq(record.smaps.has, SMAPS_RSS | SMAPS_PRIVATE_DIRTY | SMAPS_PAGE);
    ck_assert(record.smaps.has_flags && record.smaps.grows_down);
    ck_assert_uint_eq(record.line, 1);
    ck_assert(paste_next(&paste, &record));
    ck_assert_uint_eq(record.smaps.rss_bytes, 0);
    ck_assert_uint_eq(record.smaps.has, SMAPS_RSS | SMAPS_PAGE);
    ck_assert(!record.smaps.has_flags);
    ck_assert_uint_eq(record.line, 8);
    ck_assert(!paste_next(&paste, &record));
}
END_TEST

/* What stands below a mapping goes where it goes. */
START_TEST(test_order)
{
    static const char text[] = M3 "\nRss: 3 kB\n" M2 "\nRss: 2 kB\n" M1 "\nRss: 1 kB\n";
    static const uint64_t lines[] = {5, 3, 1};
    struct paste_record record;
    struct paste paste;

    ck_assert(open_text(&paste, text, sizeof(text) - 1));
    ck_assert(paste.is_reordered);
    ck_assert_uint_eq(paste.n_maps, 1);
    ck_assert_uint_eq(paste.first, 1);
    ck_assert_uint_eq(paste.last, 6);
    for (uint64_t i = 0; i < 3; i++) {
        ck_assert(paste_next(&paste, &record));
        ck_assert_uint_eq(record.smaps.rss_bytes, (i + 1) << 10);
        ck_assert_uint_eq(record.line, lines[i]);
    }
    ck_assert(!paste_next(&paste, &record));
    ck_assert(open_text(&paste, A "\n" B "\n", strlen(A "\n" B "\n")) && !paste.is_reordered);
}
END_TEST

/* pmap's columns go by their titles. */
START_TEST(test_sizes_of_pmap)
{
    static const char text[] = "Address Perm Offset Device Inode Size Pss Rss Locked Mapping\n"
                               "00400000 r-xp 00001000 fe:01 7 4 1 2 3 /bin/a\n";
    struct paste_record record;
    struct paste paste;

    ck_assert(open_text(&paste, text, sizeof(text) - 1) && paste_next(&paste, &record));
    ck_assert_uint_eq(record.smaps.rss_bytes, 2 << 10);
    ck_assert_uint_eq(record.smaps.pss_bytes, 1 << 10);
    ck_assert_uint_eq(record.smaps.locked_bytes, 3 << 10);
    ck_assert_uint_eq(record.smaps.has, SMAPS_RSS | SMAPS_PSS | SMAPS_LOCKED);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    uint64_t pid;
} pids[] = {
    {"nobody says", A "\n", 0},
    {"prompt", "# cat /proc/71/maps\n" A "\n", 71},
    {"another path", "# cat /proc/71/maps | head\n" A "\n", 0},
    {"self", "$ cat /proc/self/maps\n" A "\n", 0},
    {"the second is used", "/proc/71/maps:\n" A "\n/proc/72/maps:\n" A "\n" B "\n", 72},
    {"gdb", "process 71\nMapped address spaces:\n0x1000 0x2000 0x1000 0x0 r-xp /x\n", 71},
    {"sanitizer", "==71==Process memory map follows:\n0x1000-0x2000\t/x\n", 71},
    {"pmap", "71:   ./a\n08048000      4K r-x-- a\n", 71},
    {"number of an empty line", "1:\n2:" A "\n", 0},
};

START_TEST(test_pid)
{
    struct paste paste;

    ROW_TRUE(&pids[_i], open_text(&paste, pids[_i].text, strlen(pids[_i].text)));
    ROW_NUMBER(&pids[_i], paste.pid, pids[_i].pid);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    bool only_files;
} hints[] = {
    {"all", A "\n" B "\n", false},
    {"files, as gdb tells of a core", "0x1000 0x2000 0x1000 0x0 /x\n", true},
};

START_TEST(test_hints)
{
    struct paste paste;

    ROW_TRUE(&hints[_i], open_text(&paste, hints[_i].text, strlen(hints[_i].text)));
    ROW_NUMBER(&hints[_i], paste.only_files, hints[_i].only_files);
}
END_TEST

/* With a name beyond ASCII, and one half of a character at the end. */
START_TEST(test_utf16)
{
    static const unsigned short units[] = {'1', '0', '-', '2', '0',  ' ',    'r', 'w',
                                           '-', 'p', ' ', '0', ' ',  '0',    ':', '0',
                                           ' ', '7', ' ', '/', 0xe9, 0x20ac, '\n'};
    static const char *const marks[] = {"\xff\xfe", "\xfe\xff"};
    char text[2 + sizeof(units) + 1];
    struct paste_record record;
    struct paste paste;

    memcpy(text, marks[_i], 2);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        text[2 + 2 * i + (size_t)_i] = (char)(units[i] & 0xff);
        text[3 + 2 * i - (size_t)_i] = (char)(units[i] >> 8);
    }
    text[sizeof(text) - 1] = 'x';
    ck_assert(paste_looks_like((struct str){text, sizeof(text)}));
    ck_assert(open_text(&paste, text, sizeof(text)) && paste_next(&paste, &record));
    ck_assert_uint_eq(record.smaps.line.range.end, 0x20);
    ck_assert(str_eq(record.smaps.line.name, STR("/\xc3\xa9\xe2\x82\xac")));
}
END_TEST

static const struct {
    const char *name;
    struct str head;
} binaries[] = {
    {"nothing", {"", 0}},
    {"ELF",
     {"\x7f"
      "ELF\2\1\1\0\0\0\0",
      11}},
    {"a zero byte in text", {"1000-2000 \0rw-p", 15}},
    {"gzip", {"\x1f\x8b\x08\x00", 4}},
};

START_TEST(test_binary)
{
    ROW_TRUE(&binaries[_i], !paste_looks_like(binaries[_i].head));
}
END_TEST

/* Lines that try to make the search behind a prefix look at the rest of the line again and again:
 * the test's time limit is what would fail. */
START_TEST(test_linear)
{
    static const char *const parts[] = {":1-2 ",  ":a:1",         "0",     ":0-0 r--p 0 0:0 ",
                                        "/proc/", "\xe2\x80\x8b", "\x1b[", ">",
                                        "<br/>",  "process "};
    size_t n = strlen(parts[_i]), size = (size_t)4 << 20;
    char *text = malloc(size);
    struct paste paste;

    for (size_t i = 0; i < size; i++)
        text[i] = parts[_i][i % n];
    open_text(&paste, text, size);
    ck_assert_uint_eq(paste.n_lines, 1);
    free(text);
}
END_TEST

START_TEST(test_many)
{
    enum { N = 100000 };
    char *text = malloc((size_t)N * 64);
    struct paste_record record;
    struct paste paste;
    size_t n = 0;
    uint64_t found = 0;

    for (unsigned int i = 0; i < N; i++)
        n += (size_t)sprintf(text + n, "7f%07x000-7f%07x000 rw-p 00000000 00:00 0 \n", 2 * i,
                             2 * i + 1);
    ck_assert(open_text(&paste, text, n));
    for (; paste_next(&paste, &record); found++)
        ck_assert_uint_eq(record.smaps.line.range.start & 0xfffffff000, found << 13);
    ck_assert_uint_eq(found, N);
    free(text);
}
END_TEST

/* Nobody has to wait for what is far beyond any process. */
START_TEST(test_many_in_reverse)
{
    enum { N = 300000 };
    static const unsigned int counts[] = {1 << 18, N};
    unsigned int n = counts[_i];
    char *text = malloc((size_t)N * 40), *end = text;
    struct paste paste;

    for (unsigned int i = n; i > 0; i--)
        end += sprintf(end, "7f%07x000-7f%07x000 rw-p\n", i, i + 1);
    ck_assert(open_text(&paste, text, (size_t)(end - text)));
    ck_assert_uint_eq(paste.n_mappings, _i == 0 ? n : 1);
    free(text);
}
END_TEST

Suite *paste_suite(void)
{
    Suite *suite = suite_create("paste");
    TCase *tcase = tcase_create("text");

    tcase_add_checked_fixture(tcase, setup, teardown);
    ROWS_ADD(tcase, test_text, texts);
    ROWS_ADD(tcase, test_cut_text, texts);
    ROWS_ADD(tcase, test_again, texts);
    ROWS_ADD(tcase, test_other_text, others);
    tcase_add_test(tcase, test_sizes);
    tcase_add_test(tcase, test_order);
    tcase_add_test(tcase, test_sizes_of_pmap);
    ROWS_ADD(tcase, test_pid, pids);
    ROWS_ADD(tcase, test_hints, hints);
    tcase_add_loop_test(tcase, test_utf16, 0, 2);
    ROWS_ADD(tcase, test_binary, binaries);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("size");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 20);
    tcase_add_loop_test(tcase, test_linear, 0, 10);
    tcase_add_test(tcase, test_many);
    tcase_add_loop_test(tcase, test_many_in_reverse, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
