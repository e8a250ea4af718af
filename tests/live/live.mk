# SPDX-License-Identifier: GPL-2.0-or-later
# Live fixtures: which program is built in which flavours. tests/live/NAME.c becomes
# build/tests/live/NAME.FLAVOUR. None of the user's or the project's flags apply: how a fixture is
# linked is what it tests, and a sanitizer would fill its address space with mappings of its own.
LIVE := build/tests/live

LIVE_ALL := pie64 exec64 static64 staticpie64 pie32 exec32 static32 staticpie32
LIVE_brk := $(LIVE_ALL) jit64 jitexec64
LIVE_layout := $(LIVE_ALL)
LIVE_incident1 := exec64
LIVE_incident2 := exec64 static64 exec32
LIVE_loader := pie64 exec64 pie32 exec32
LIVE_libs := pie64 exec64 pie32 exec32
LIVE_moved := pie64 exec64
LIVE_low := pie64
LIVE_wx := pie64 static64 pie32
LIVE_execstack := pie64 pie32 execstack64 execstack32
LIVE_deleted := pie64 pie32
LIVE_mismatch := pie64 pie32
LIVE_mapcount := pie64
LIVE_growth := pie64 exec64 exec32 staticpie32
LIVE_malloc := preload64 exec64 static64 exec32 sbrk64 sbrklib64 bashlib64 sbrkptr64 jemalloc64 tcmalloc64 mimalloc64 musl64 muslname64 \
	muslstatic64
LIVE_jvm := exec64 pie64
LIVE_qemu := pie64 static64
# What fixtures need beside them, not run by themselves.
LIVE_launch := static32
LIVE_die := pie64 exec32
LIVE_sample := text-first.so holes.so
LIVE_parts := so
LIVE_wrapmalloc := so
LIVE_wrapcount := so
LIVE_sbrkmalloc := so

LIVE_PROGRAMS := brk layout loader incident1 incident2 libs moved low wx execstack deleted \
	mismatch mapcount growth malloc jvm qemu
LIVE_AIDS := launch die sample parts wrapmalloc wrapcount sbrkmalloc
live-files = $(foreach p,$1,$(LIVE_$p:%=$(LIVE)/$p.%))
LIVE_FIXTURES := $(call live-files,$(LIVE_PROGRAMS) $(LIVE_AIDS))

LIVE_CFLAGS := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O1 -g -Itests/live \
	-Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wno-unused-parameter \
	-Wno-missing-field-initializers
LIVE_FLAGS_pie := -fPIE -pie -DLIVE_TYPE='"pie"'
LIVE_FLAGS_exec := -fno-pie -no-pie -DLIVE_TYPE='"exec"'
LIVE_FLAGS_static := -fno-pie -static -DLIVE_TYPE='"static"'
LIVE_FLAGS_staticpie := -fPIE -static-pie -DLIVE_TYPE='"static-pie"'
LIVE_FLAGS_execstack := $(LIVE_FLAGS_pie) -Wl,-z,execstack -DLIVE_EXECSTACK
# A program that offers LuaJIT's functions, and one that has them for itself.
LIVE_FLAGS_jit := $(LIVE_FLAGS_pie) -rdynamic -DLIVE_JIT
LIVE_FLAGS_jitexec := $(LIVE_FLAGS_exec) -DLIVE_JIT
LIVE_FLAGS_text-first.so := -fPIC -shared -Wl,-z,noseparate-code
LIVE_FLAGS_holes.so := -fPIC -shared -Wl,-z,separate-code,-z,max-page-size=0x200000
LIVE_PARTS := tests/live/fixture.c tests/live/memory.c tests/live/object.c
LIVE_DEPS := $(LIVE_PARTS:.c=.h) $(LIVE)/compiler tests/live/live.mk

# $1 is the flavour. Where 32-bit programs cannot be had, the file holds the reason and is not
# executable.
define live-cc
@$(call say,CC)
$Q$(if $(filter %32,$1),test -s $(LIVE)/m32 && rm -f $@ && cp $(LIVE)/m32 $@ ||) \
	$(CC) $(LIVE_CFLAGS) $(LIVE_FLAGS_$(patsubst %32,%,$(1:64=))) $(if $(filter %32,$1),-m32) \
	-o $@ $(filter %.c,$^)
endef
define live-rule
$(LIVE)/%.$1: tests/live/%.c $(LIVE_PARTS) $(LIVE_DEPS) $(if $(filter %32,$1),$(LIVE)/m32)
	$$(call live-cc,$1)
endef
$(foreach f,$(LIVE_ALL) execstack64 execstack32 jit64 jitexec64,$(eval $(call live-rule,$f)))

$(LIVE)/sample.%: tests/live/sample.c $(LIVE_DEPS)
	$(call live-cc,$*)

# All that fixtures share, as a library: what a program imports then is its own doing.
$(LIVE)/parts.so: $(LIVE_PARTS) $(LIVE_DEPS)
	@$(call say,CC)
	$Q$(CC) $(LIVE_CFLAGS) -fPIC -shared -Wl,-soname,parts.so -o $@ $(LIVE_PARTS)

$(LIVE)/wrapmalloc.so: tests/live/wrapmalloc.c $(LIVE_DEPS)
	@$(call say,CC)
	$Q$(CC) $(LIVE_CFLAGS) -fPIC -shared -o $@ $<

$(LIVE)/wrapcount.so: tests/live/wrapmalloc.c $(LIVE_DEPS)
	@$(call say,CC)
	$Q$(CC) $(LIVE_CFLAGS) -fPIC -shared -DLIVE_COUNTS -o $@ $<

$(LIVE)/sbrkmalloc.so: tests/live/sbrkmalloc.c $(LIVE_DEPS)
	@$(call say,CC)
	$Q$(CC) $(LIVE_CFLAGS) -fPIC -shared -fno-builtin -Wl,-soname,sbrkmalloc.so -o $@ $<

$(LIVE)/bashmalloc.so: tests/live/sbrkmalloc.c $(LIVE_DEPS)
	@$(call say,CC)
	$Q$(CC) $(LIVE_CFLAGS) -fPIC -shared -fno-builtin -DLIVE_BASH -Wl,-soname,bashmalloc.so -o $@ $<

# Each with an allocator. One that is not there leaves the reason in the file.
LIVE_WITH_preload64 := -fPIE -pie -DLIVE_PRELOAD
# Takes memory from the break alone; but in the program, which needs a library that maps some.
LIVE_WITH_sbrklib64 := -fno-pie -no-pie -DLIVE_MALLOC='"other"' -fno-builtin \
	-Wl,--no-as-needed $(LIVE)/sbrkmalloc.so '-Wl,-rpath,$$$$ORIGIN'
LIVE_WITH_bashlib64 := -fno-pie -no-pie -DLIVE_MALLOC='"bash"' -fno-builtin \
	-Wl,--no-as-needed $(LIVE)/bashmalloc.so '-Wl,-rpath,$$$$ORIGIN'
LIVE_WITH_sbrk64 := -fno-pie -no-pie -DLIVE_MALLOC='"own"' -DLIVE_DOUBT='"another library"' \
	-fno-builtin tests/live/sbrkmalloc.c $(LIVE)/parts.so '-Wl,-rpath,$$$$ORIGIN'
# Maps when brk is refused, by a pointer to mmap: the linker treats that otherwise than a call.
LIVE_WITH_sbrkptr64 := -fno-pie -no-pie -DLIVE_MALLOC='"own"' \
	-DLIVE_DOUBT='"by sbrk and by mmap"' -fno-builtin -DLIVE_MMAP tests/live/sbrkmalloc.c
LIVE_WITH_jemalloc64 := -fPIE -pie -DLIVE_MALLOC='"jemalloc"' -l:libjemalloc.so.2
LIVE_WITH_tcmalloc64 := -fno-pie -no-pie -DLIVE_MALLOC='"tcmalloc"' -l:libtcmalloc_minimal.so.4
LIVE_WITH_mimalloc64 := -fPIE -pie -DLIVE_MALLOC='"mimalloc"' -l:libmimalloc.so.2.0
LIVE_MUSL := -DLIVE_MALLOC='"musl"' -DLIVE_NO_SBRK
LIVE_WITH_musl64 := $(LIVE_MUSL)
LIVE_WITH_muslstatic64 := $(LIVE_MUSL) -static
# The loader by the other name of the same file.
LIVE_WITH_muslname64 := $(LIVE_MUSL) -Wl,--dynamic-linker=/usr/lib/$$$$(uname -m)-linux-musl/libc.so
LIVE_CC_musl64 := musl-gcc
LIVE_CC_muslname64 := musl-gcc
LIVE_CC_muslstatic64 := musl-gcc
LIVE_PARTS_sbrk64 := $(LIVE)/parts.so
define live-malloc-rule
$(LIVE)/malloc.$1: tests/live/malloc.c tests/live/sbrkmalloc.c $(LIVE)/parts.so $(LIVE)/sbrkmalloc.so \
		$(LIVE)/bashmalloc.so \
		$(LIVE_PARTS) $(LIVE_DEPS)
	@$$(call say,CC)
	$$Qif $(or $(LIVE_CC_$1),$(CC)) $(LIVE_CFLAGS) -o $$@ tests/live/malloc.c \
		$(if $(LIVE_PARTS_$1),,$(LIVE_PARTS)) $(LIVE_WITH_$1) 2>$$@.log; then :; \
	else rm -f $$@; echo '$(or $(LIVE_CC_$1),$(CC)) builds nothing here$(addprefix : ,$(filter -l%,$(LIVE_WITH_$1)))' >$$@; fi
endef
$(foreach f,preload64 sbrk64 sbrklib64 bashlib64 sbrkptr64 jemalloc64 tcmalloc64 mimalloc64 musl64 muslname64 muslstatic64,\
	$(eval $(call live-malloc-rule,$f)))

# The reason why there are no 32-bit programs; empty where they can be built and run.
$(LIVE)/m32: FORCE
	@mkdir -p $(@D)
	@{ echo 'int main(void) { return 0; }' | $(CC) -m32 -x c -o $(LIVE)/m32.out - 2>/dev/null || \
		echo '$(CC) -m32 builds nothing here'; } >$@.new
	@test -s $@.new || $(LIVE)/m32.out || echo '32-bit programs do not run here' >$@.new
	@cmp -s $@.new $@ || cp $@.new $@

# The compiler, and the list of programs to run: changed by changing them.
$(LIVE)/compiler: export STAMP = $(CC) $(LIVE_CFLAGS)
$(LIVE)/programs: export STAMP = $(notdir $(call live-files,$(LIVE_PROGRAMS)))
$(LIVE)/compiler $(LIVE)/programs: FORCE
	@$(write-stamp)

.PHONY: live-fixtures
live-fixtures: $(LIVE_FIXTURES) $(LIVE)/programs
check: live-fixtures
