# SPDX-License-Identifier: GPL-2.0-or-later
# layoutcheck: the build and its checks, for GNU make, gcc or clang, and pkg-config. `make help` lists the targets.
# Everything that is built goes below build/.
MAKEFLAGS += --no-builtin-rules
VERSION := 0.1.0

# The data flow, the folders of src/ and the include rule: a file includes its own layer and those before it.
LAYERS := base source parse model analyze check render cmd
# Layers that never open, print, exit or ask the time.
PURE := parse model analyze check

# Yours to set, on the command line or in the environment.
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
DATADIR ?= $(PREFIX)/share/layoutcheck
PKG_CONFIG ?= pkg-config
CFLAGS ?= $(if $(SAN)$(COV),-O1 -g,-O2 -g -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
# The same on the command line alone: an environment's T must not make half of the tests go away.
T :=#           check: only the tests called so, of every kind; fuzz: the target
SAN :=#         sanitizers, as for -fsanitize=: a build of its own
COV :=#         count what is executed: a build of its own
WERROR :=#      warnings are errors
V :=#           show the commands
export T

# The project's own flags, apart from CFLAGS and its kin so that setting those never cancels these.
comma := ,
B := build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))$(if $(COV),/coverage)
LIBS := libelf libcap jansson smartcols
WARN := -Wall -Wextra -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wshadow -Wpointer-arith \
	-Wwrite-strings -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough -Wno-override-init $(if $(WERROR),-Werror)
LIB_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null)
LIB_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null) -lm
OWN_CPPFLAGS := -D_GNU_SOURCE -DLAYOUTCHECK_VERSION='"$(VERSION)"' -Isrc $(LIB_CFLAGS)
OWN_CFLAGS := -std=c11 -fPIE $(WARN) $(if $(COV),--coverage) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
OWN_LDFLAGS := -pie -Wl,-z,relro,-z,now,--as-needed
FLAGS = $(OWN_CPPFLAGS) $(CPPFLAGS) $(OWN_CFLAGS) $(CFLAGS)
COMPILE = $(CC) $(FLAGS)
LINK = $(CC) $(OWN_CFLAGS) $(CFLAGS) $(OWN_LDFLAGS) $(LDFLAGS)

SRC := $(foreach l,$(LAYERS),$(sort $(wildcard src/$l/*.c)))
HDR := $(foreach l,$(LAYERS),$(sort $(wildcard src/$l/*.h)))
OBJ := $(SRC:%.c=$B/%.o)
TOOL := $B/layoutcheck

MAN := $(sort $(wildcard man/*.[1-9]))

UNIT_SRC := $(sort $(wildcard tests/unit/*.c tests/unit/*/*.c))
UNIT_OBJ := $(UNIT_SRC:%.c=$B/%.o)
UNIT_SUITES := $(subst -,_,$(basename $(notdir $(sort $(wildcard tests/unit/*/*.c)))))
UNIT := $B/tests/unit/unit

Q := $(if $(V),,@)
say = $(if $(V),:,echo "  $1	$@")

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all FORCE
all: $(TOOL) ## the program: build/layoutcheck (the default)

$(TOOL): $(OBJ) $B/sources
	@$(call say,LINK)
	$Q$(LINK) -o $@ $(OBJ) $(LIB_LIBS) $(LDLIBS)

$B/%.o: %.c $B/flags
	@$(call say,CC)
	@mkdir -p $(@D)
	$Q$(COMPILE) -MMD -MP -c -o $@ $<

# Files that hold a variable's value and are touched when it changes: what depends on them is rebuilt when the flags or
# the list of sources change, and only then.
$B/flags: export STAMP = $(COMPILE) / $(LINK)
$B/sources: export STAMP = $(SRC)
$B/tests/unit/suites.h: export STAMP = $(foreach s,$(UNIT_SUITES),SUITE($s))
$B/sources: FORCE
	@$(write-stamp)
$B/tests/unit/suites.h: FORCE
	@$(PKG_CONFIG) --exists check || scripts/packages --complain test
	@$(write-stamp)
$B/flags: FORCE
	@{ command -v $(firstword $(CC)) && $(PKG_CONFIG) --exists $(LIBS); } >/dev/null 2>&1 || \
		scripts/packages --complain build
	@$(write-stamp)
write-stamp = mkdir -p $(@D); printf '%s\n' "$$STAMP" | cmp -s - $@ || printf '%s\n' "$$STAMP" >$@

-include $(OBJ:.o=.d) $(UNIT_OBJ:.o=.d)

# Tests. A kind of tests is an executable tests/KIND/run; see tests/run for what it must do. Unit tests link the
# program's objects themselves: an archive would drop one of two members with the same base name.
.PHONY: check check-corpus check-unit
check: $(TOOL) $(UNIT) ## all tests, or those called T=NAME; SAN=address,undefined: sanitized; JOBS=3: at a time
	@tests/run $(if $(JOBS),-j $(JOBS)) $(if $T,-t "$$T") 'unit: $(UNIT)' \
		$(foreach r,$(RUNS),'$(if $(filter $(ALONE),$r),!)$(r:tests/%/run=%): $r --tool $(TOOL)')
ALONE = tests/remedy/run tests/sysctl/run # they change sysctls
RUNS = $(sort $(shell find tests -mindepth 2 -maxdepth 2 -name run -type f -perm -u+x))

check-corpus: export LAYOUTCHECK_CORPUS := $(or $(DIR),$(LAYOUTCHECK_CORPUS))
check-corpus: $(TOOL) ## real dumps of others, and what is known of them: DIR=..., else where tests/corpus/run looks
	@tests/run $(if $T,-t "$$T") 'corpus: tests/corpus/run --tool $(TOOL)'

check-unit: $(UNIT) ## the unit tests alone; in twice as many parts as JOBS, so many side by side
	@tests/run $(if $(JOBS),-j $(JOBS)) $(if $T,-t "$$T") $(foreach i,$(shell seq $(words $(PARTS))), \
		'unit $i/$(words $(PARTS))$(if $(SAN), ($(SAN))): $(UNIT) --part $i/$(words $(PARTS))')
PARTS = $(if $(JOBS),$(shell seq $(JOBS)) $(shell seq $(JOBS)),1)

$(UNIT): $(UNIT_OBJ) $(filter-out %/cmd/main.o,$(OBJ)) $B/sources
	@$(call say,LINK)
	$Q$(LINK) -o $@ $(filter %.o,$^) $(LIB_LIBS) $$($(PKG_CONFIG) --libs check) $(LDLIBS)

$B/tests/unit/%.o: tests/unit/%.c $B/flags $B/tests/unit/suites.h
	@$(call say,CC)
	@mkdir -p $(@D)
	$Q$(COMPILE) $$($(PKG_CONFIG) --cflags check) -I$B/tests/unit -Wno-missing-prototypes -MMD -MP -c -o $@ $<

# Live fixtures come from their own fragment, which adds its programs as prerequisites of check.
-include tests/live/live.mk
-include tests/fuzz/fuzz.mk

.PHONY: coverage
coverage: ## line coverage of src/ by all tests: build/coverage/index.html
	find build/coverage -name '*.gcda' -delete 2>/dev/null || :
	$(MAKE) COV=1 check
	gcovr --root . --filter src/ --object-directory build/coverage --print-summary \
		--html-details build/coverage/index.html

# Lint: one target a step; scripts/lint runs them all, skips what is not installed and counts.
LINTS := layers purity headers gcc clang format tidy cppcheck shell man ansible
C_FILES = $(SRC) $(HDR) $(shell find tests -name '*.[ch]')
SCRIPTS = $(wildcard scripts/completion/*.bash) \
	$(shell find scripts tests .ci -type f -perm -u+x \
		-exec awk 'FNR == 1 && /^.!\/bin\/(ba)?sh/ { print FILENAME }' {} +)
.PHONY: lint format $(LINTS:%=lint-%)
lint: ## all static checks; lint-STEP for one, as they print
	@scripts/lint '$(MAKE)' $(LINTS)
lint-layers:
	@scripts/lint-layers src $(LAYERS)
lint-purity: $(OBJ)
	@scripts/lint-purity '$(PURE)' $(OBJ)
lint-headers: # each compiles alone, and twice
	@for h in $(HDR); do $(COMPILE) -Werror -fsyntax-only -include $$h -include $$h -x c /dev/null || exit; done
lint-gcc lint-clang: lint-%:
	@$(MAKE) B=$B/$* CC=$* WERROR=1 all
lint-format:
	@clang-format --dry-run -Werror $(C_FILES)
	@! grep -nE '^.{101}' $(C_FILES)
format: ## rewrite the C files as .clang-format says
	clang-format -i $(C_FILES)
# The analyzer takes nearly all of the time: how many states of a function it looks at, 225,000 where nothing is said.
TIDY_NODES = 225000
lint-tidy: $(SRC:%.c=$B/%.tidy)
$B/%.tidy: %.c $B/%.o .clang-tidy
	@clang-tidy --quiet $< -- $(filter-out -W%,$(FLAGS)) $(addprefix -Xclang ,-analyzer-config max-nodes=$(TIDY_NODES)) \
		2>$@.log || { cat $@.log; exit 1; }
	@touch $@
lint-cppcheck:
	@cppcheck --quiet -j $(or $(JOBS),$(shell nproc)) --std=c11 --error-exitcode=1 \
		--enable=warning,portability,performance --inline-suppr --suppress=missingIncludeSystem \
		--library=gnu -D_GNU_SOURCE -Isrc src
lint-shell:
	@shellcheck $(SCRIPTS)
lint-man:
	$(if $(MAN),@mandoc -T lint -W warning $(MAN))
lint-ansible:
	@ansible-lint --offline --nocolor -q scripts/fleet/layoutcheck.yml

.PHONY: bench compile-commands install uninstall clean help
bench: $(TOOL) ## speed and memory, as ratios to reading /proc alone
	@scripts/bench

compile-commands: ## build/compile_commands.json, for editors and clang tools
	@mkdir -p build
	@{ $(foreach s,$(SRC),echo $s;) } | /usr/bin/python3 -c 'import json, os, sys; json.dump([ \
		{"directory": os.getcwd(), "file": f, "arguments": [*sys.argv[1:], "-c", f]} \
		for f in sys.stdin.read().split()], open("build/compile_commands.json", "w"), indent=1)' $(COMPILE)

COMPLETION := scripts/completion/layoutcheck.bash
UNITS := $(sort $(wildcard scripts/monitoring/*.service scripts/monitoring/*.timer))
MONITORING := $(sort $(wildcard scripts/monitoring/*.yml scripts/monitoring/*.json))
FLEET := $(sort $(shell find scripts/fleet -type f ! -name '*.pyc'))
install: $(TOOL) ## into DESTDIR and PREFIX (/usr/local): program, manual pages, bash completion, monitoring, fleet
	install -D -m 755 $(TOOL) $(DESTDIR)$(BINDIR)/layoutcheck
	$(foreach m,$(MAN),install -D -m 644 $m $(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $m))/$(notdir $m) &&) :
	$(if $(wildcard $(COMPLETION)),install -D -m 644 $(COMPLETION) $(DESTDIR)$(COMPDIR)/layoutcheck)
	$(foreach u,$(UNITS),sed 's|@BINDIR@|$(BINDIR)|' $u | \
		install -D -m 644 /dev/stdin $(DESTDIR)$(UNITDIR)/$(notdir $u) &&) :
	$(foreach m,$(MONITORING),install -D -m 644 $m $(DESTDIR)$(DATADIR)/$(notdir $m) &&) :
	$(foreach f,$(FLEET),install -D -m 644 $f $(DESTDIR)$(DATADIR)/$(f:scripts/%=%) &&) :

uninstall: ## what install put there
	rm -f $(DESTDIR)$(BINDIR)/layoutcheck $(DESTDIR)$(COMPDIR)/layoutcheck
	rm -f $(foreach m,$(MAN),$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $m))/$(notdir $m))
	rm -f $(UNITS:scripts/monitoring/%=$(DESTDIR)$(UNITDIR)/%) $(MONITORING:scripts/monitoring/%=$(DESTDIR)$(DATADIR)/%)
	rm -f $(FLEET:scripts/%=$(DESTDIR)$(DATADIR)/%)
	[ ! -d $(DESTDIR)$(DATADIR)/fleet ] || \
		{ cd $(DESTDIR)$(DATADIR) && rmdir -p --ignore-fail-on-non-empty $(sort $(dir $(FLEET:scripts/%=%))); }
	[ ! -d $(DESTDIR)$(DATADIR) ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(DATADIR)

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile tests/*/*.mk | expand -t 20
