# SPDX-License-Identifier: LGPL-2.1-or-later
# The program ./dray: from the layers' archives, or with musl from objects compiled for it.
EXTRA_DIST += src/base/fortify.c src/base/snprintf.c src/cli/program_order.ld

if MUSL_PROGRAM

PROGRAM_FILES = \
	$(libocispec_libocispec_a_SOURCES) \
	$(src_libdray_base_a_SOURCES) \
	$(src_libdray_io_a_SOURCES) \
	$(src_libdray_host_a_SOURCES) \
	$(src_libdray_plan_a_SOURCES) \
	$(src_libdray_cgroup_a_SOURCES) \
	$(src_libdray_namespace_a_SOURCES) \
	$(src_libdray_rootfs_a_SOURCES) \
	$(src_libdray_security_a_SOURCES) \
	$(nodist_src_libdray_security_a_SOURCES) \
	$(src_libdray_process_a_SOURCES) \
	$(src_libdray_term_a_SOURCES) \
	$(src_libdray_hook_a_SOURCES) \
	$(src_libdray_net_a_SOURCES) \
	$(src_libdray_rdt_a_SOURCES) \
	$(src_libdray_criu_a_SOURCES) \
	$(src_libdray_bus_a_SOURCES) \
	$(src_libdray_state_a_SOURCES) \
	$(src_libdray_steps_a_SOURCES) \
	$(src_libdray_api_a_SOURCES) \
	$(src_libdray_cli_a_SOURCES) \
	src/base/fortify.c \
	src/base/snprintf.c \
	src/cli/main.c

PROGRAM_OBJECTS = \
	$(patsubst %.c,program/%.o,$(filter %.c,$(PROGRAM_FILES))) \
	$(patsubst %.S,program/%.o,$(filter %.S,$(PROGRAM_FILES)))
PROGRAM_COMPILE = $(MUSL_CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(HELPER_CPPFLAGS) \
	$(STAGE_CPPFLAGS) $(CPPFLAGS) $(HOUSE_CFLAGS) $(CFLAGS) $(YAJL_CFLAGS) $(SECCOMP_CFLAGS) $(CAP_CFLAGS) \
	$(PROGRAM_OPTIMIZATION) -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-pie

# What loops over text may be larger for being faster.
PROGRAM_OPTIMIZATION = -Os
program/libocispec/%.o program/src/base/%.o program/src/security/%.o: PROGRAM_OPTIMIZATION =

program/%.o: %.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(PROGRAM_COMPILE) -MMD -MP -c -o $@ $<

program/%.o: %.S
	@$(MKDIR_P) $(@D)
	$(AM_V_CPPAS)$(PROGRAM_COMPILE) -Wa,-I. -c -o $@ $<

program/src/namespace/stage_image_data.o: src/stage/dray-stage

# The program is the stripped copy, which is also written in one go: the page cache then holds it in
# large pieces that are mapped with fewer page faults (a tenth of a short command's time).  What is
# used together lies together for the same reason (scripts/order-program).
dray.debug: $(PROGRAM_OBJECTS) src/cli/program_order.ld
	$(AM_V_CCLD)$(MUSL_CC) -static -no-pie $(CFLAGS) $(LDFLAGS) -Wl,--gc-sections -Wl,-z,noseparate-code \
		-Wl,-z,norelro $(PROGRAM_ORDER) -o $@ $(PROGRAM_OBJECTS) $(YAJL_LIBS) $(CAP_LIBS)

dray: dray.debug
	$(AM_V_GEN)$(OBJCOPY) --strip-all --add-gnu-debuglink=dray.debug dray.debug $@

-include $(PROGRAM_OBJECTS:.o=.d)

bin_SCRIPTS = dray
CLEANFILES += dray dray.debug $(PROGRAM_OBJECTS) $(PROGRAM_OBJECTS:.o=.d)

else

bin_PROGRAMS += dray
dray_SOURCES = src/cli/main.c
dray_LDFLAGS = $(AM_LDFLAGS) $(STATIC_LDFLAGS)
dray_LDADD = src/libdray_cli.a $(LIBDRAY_ARCHIVES)

endif
