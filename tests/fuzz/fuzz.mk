# SPDX-License-Identifier: GPL-2.0-or-later
# Fuzzing: tests/fuzz/NAME.c and the program's objects, built once more with clang's libFuzzer and sanitizers, become
# build/fuzz/tests/fuzz/NAME. A target is a file there, and nothing else need be told; tests/fuzz/run runs them.
FUZZ_CC ?= clang
FUZZ_TARGETS := $(basename $(notdir $(sort $(wildcard tests/fuzz/*.c))))
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$B/tests/fuzz/%)
FUZZ_LIB := $(patsubst %.c,$B/%.o,$(sort $(wildcard tests/fuzz/lib/*.c)))
N :=#           fuzz: seconds a target
fuzz-make = $(MAKE) --no-print-directory B=build/fuzz CC='$(FUZZ_CC)' SAN=fuzzer-no-link,address,undefined COV= fuzz-programs

.PHONY: fuzz fuzz-build fuzz-programs
.SECONDARY: $(FUZZ_PROGRAMS:=.o) $(FUZZ_LIB)
fuzz: ## fuzz T=TARGET, or T=all, for N=60 seconds each; without T the list of targets
	+@$(if $T,scripts/packages --complain fuzz && $(fuzz-make) && \
		tests/fuzz/run --seconds $(or $N,60) $(filter-out all,$T),tests/fuzz/run --list)

# Where there is no fuzzer nothing is built, and tests/fuzz/run says what is missing.
fuzz-build:
	+@test -n "$$(scripts/packages fuzz)" || $(fuzz-make)
check: fuzz-build

fuzz-programs: $(FUZZ_PROGRAMS)

$(FUZZ_PROGRAMS): %: %.o $(FUZZ_LIB) $(filter-out %/cmd/main.o,$(OBJ)) $B/sources
	@$(call say,LINK)
	$Q$(LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LIB_LIBS) $(LDLIBS)

-include $(FUZZ_PROGRAMS:=.d) $(FUZZ_LIB:.o=.d)
