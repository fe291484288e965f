#include "channel/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"

int
address_find(const struct conf_notify *from, struct buf *url, struct buf *why)
{
	const char *name =
	    from->url_env != NULL ? from->url_env : ADDRESS_VARIABLE;
	const char *s;

	if (from->url_file != NULL) {
		if (file_secret(from->url_file, url) != 0) {
			buf_printf(why, "cannot read '%s': %s", from->url_file,
			    errno == EPERM ? "others can read or write it "
					     "(chmod 600)"
					   : strerror(errno));
			return -1;
		}
	} else if (from->url_env == NULL && from->url != NULL) {
		buf_str(url, from->url);
	} else if ((s = getenv(name)) != NULL && *s != '\0') {
		buf_str(url, s);
	} else {
		buf_printf(why, "the environment has no %s", name);
		return -1;
	}
	while (url->len > 0 && strchr(" \t\r\n", url->s[url->len - 1]) != NULL)
		url->s[--url->len] = '\0';
	return 0;
}
