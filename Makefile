# autoscale: one Makefile for everything; what it makes stands under $(B)
B = build
CC = gcc
CFLAGS = -O2 -g
PREFIX = /usr/local
DESTDIR =
VERSION = 0.1.0
AS_CFLAGS = -std=c11 -D_GNU_SOURCE -Icommon -ffp-contract=off \
	-DAS_VERSION='"$(VERSION)"' \
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion \
	-Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wcast-qual -Wvla -Wundef -Wnull-dereference -Wimplicit-fallthrough \
	-Wswitch-enum -U_FORTIFY_SOURCE $(HARDEN) -fPIE -MMD -MP
HARDEN = -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
	-fstack-clash-protection $(if $(filter x86_64,$(shell uname -m)),-fcf-protection)
AS_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
LIBS = -lcjson -lnettle -lconfuse -lical -lz -lm -pthread
CURL = -lcurl

CMDS = $(patsubst cmd/%.c,%,$(wildcard cmd/as-*.c))
# what includes libcurl is linked only into the commands that reach out
NET = as-fetch as-apply as-notify as-approve
SRC = $(wildcard common/*/*.c)
OBJ = $(SRC:%.c=$(B)/%.o)
LIB = $(B)/libautoscale.a
UNIT = $(patsubst test/unit/%.c,$(B)/test/unit/%,$(wildcard test/unit/*.c))
FUZZ = $(patsubst test/fuzz/%.c,$(B)/test/fuzz/%,$(wildcard test/fuzz/*.c))
BENCH = $(patsubst test/bench/%.c,$(B)/test/bench/%,$(wildcard test/bench/*.c))
PAGES = $(wildcard man/*.[157])
SHARED = $(wildcard scripts/examples/autoscale-*)

ifdef XGBOOST
AS_CFLAGS += -DWITH_XGBOOST
LIBS += -lxgboost
endif

all: $(CMDS:%=$(B)/%)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(AS_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(LIB): $(OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(B)/as-%: $(B)/cmd/as-%.o $(LIB)
	$(CC) $(CFLAGS) $(AS_LDFLAGS) $(LDFLAGS) -o $@ $^ \
		$(if $(filter $(@F),$(NET)),$(CURL)) $(LIBS)

$(B)/test/%: $(B)/test/%.o $(LIB)
	$(CC) $(CFLAGS) $(AS_LDFLAGS) $(LDFLAGS) -o $@ $^ $(CURL) $(LIBS)

-include $(shell find $(B) -name '*.d' -type f 2>/dev/null)

programs: $(UNIT) $(FUZZ) $(BENCH)

unit: $(UNIT)
	@scripts/run-unit $(UNIT)

# random texts for the readers; each program runs for $(SECONDS_EACH) seconds
SECONDS_EACH = 5
fuzz: $(FUZZ)
	@cd $(B)/test/fuzz && for p in $(notdir $(FUZZ)); do \
		./$$p $(SECONDS_EACH) || exit 1; done

test: all unit
	scripts/run-bats $(B)

e2e: all
	scripts/run-bats $(B) e2e

bench: all $(BENCH)
	scripts/bench $(B) $(PEERS)

# every object again, under the address and undefined-behaviour sanitizers
SAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined
SANITIZED = ASAN_OPTIONS=allocator_may_return_null=1 $(MAKE) -k B=$(B)/asan \
	HARDEN= CFLAGS="-O1 -g -fno-omit-frame-pointer $(SAN)"
asan:
	+$(SANITIZED) test fuzz

# the same for the unit programs and the random texts alone
asan-unit:
	+$(SANITIZED) SECONDS_EACH=2 unit fuzz

memcheck: all
	scripts/run-memcheck $(B)

lint:
	scripts/lint $(B)

COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
EXAMPLES = $(DESTDIR)$(PREFIX)/share/doc/autoscale/examples
UNITS = $(DESTDIR)$(PREFIX)/lib/systemd/system
install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(CMDS:%=$(B)/%) scripts/as-loop $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/share/autoscale/drivers
	install -m 755 scripts/drivers/* \
		$(DESTDIR)$(PREFIX)/share/autoscale/drivers
	for p in $(PAGES); do s=$${p##*.}; \
		install -D -m 644 $$p $(DESTDIR)$(PREFIX)/share/man/man$$s/$${p##*/} \
		|| exit 1; done
	install -d $(DESTDIR)$(PREFIX)/share/autoscale
	install -m 644 $(SHARED) scripts/autoscale.logrotate \
		$(DESTDIR)$(PREFIX)/share/autoscale
	install -d $(EXAMPLES)
	install -m 644 scripts/examples/* $(EXAMPLES)
	install -D -m 644 scripts/completion.bash $(COMPLETIONS)/autoscale
	for c in $(CMDS) as-loop; do ln -sf autoscale $(COMPLETIONS)/$$c; done
	install -d $(UNITS)
	install -m 644 scripts/systemd/*.service scripts/systemd/*.timer $(UNITS)
	install -D -m 644 scripts/systemd/autoscale.sysusers \
		$(DESTDIR)$(PREFIX)/lib/sysusers.d/autoscale.conf

uninstall:
	rm -rf $(DESTDIR)$(PREFIX)/share/autoscale $(EXAMPLES)
	cd $(DESTDIR)$(PREFIX)/bin && rm -f $(CMDS) as-loop
	cd $(COMPLETIONS) && rm -f autoscale $(CMDS) as-loop
	cd $(UNITS) && rm -f $(notdir $(wildcard scripts/systemd/*@.*))
	rm -f $(DESTDIR)$(PREFIX)/lib/sysusers.d/autoscale.conf
	for p in $(PAGES); do rm -f \
		$(DESTDIR)$(PREFIX)/share/man/man$${p##*.}/$${p##*/}; done

deb: all
	scripts/make-deb $(B) $(VERSION)

clean:
	rm -rf $(B)

.PHONY: all programs unit fuzz test e2e bench asan asan-unit memcheck lint install uninstall deb clean
.SECONDARY:
