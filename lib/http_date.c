/* http_date.c: dates as HTTP writes them: see http.h. */

#include "lib/http.h"

#include <string.h>

#include "lib/util.h"

#define DAY       86400
#define LAST_TIME 253402300799 /* 9999-12-31 23:59:59 */

static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void put_digits(char *at, unsigned n, unsigned value)
{
    while (n--) {
        at[n] = (char)('0' + value % 10);
        value /= 10;
    }
}

void http_date(char out[HTTP_DATE_SIZE], time_t t)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed",
                                   "Thu", "Fri", "Sat"};
    struct tm tm;

    t = t < 0 ? 0 : t > LAST_TIME ? LAST_TIME : t;
    gmtime_r(&t, &tm);
    memcpy(out, "Xxx, 00 Xxx 0000 00:00:00 GMT", HTTP_DATE_SIZE);
    memcpy(out, days[tm.tm_wday], 3);
    put_digits(out + 5, 2, (unsigned)tm.tm_mday);
    memcpy(out + 8, months[tm.tm_mon], 3);
    put_digits(out + 12, 4, (unsigned)tm.tm_year + 1900);
    put_digits(out + 17, 2, (unsigned)tm.tm_hour);
    put_digits(out + 20, 2, (unsigned)tm.tm_min);
    put_digits(out + 23, 2, (unsigned)tm.tm_sec);
}

/* What a form's pattern found. */
struct date {
    long year, month, day, hour, minute, second;
};

/* Days since 1970-01-01; the year is counted from March, so that a leap day
 * is its last. */
static long days_since_1970(long year, long month, long day)
{
    long y = month <= 2 ? year - 1 : year;
    long m = month <= 2 ? month + 9 : month - 3;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 -
           719468;
}

static bool is_leap(long year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool to_time(const struct date *d, time_t *t)
{
    static const char lengths[] = {31, 29, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    if (d->month == 0 || d->day == 0 || d->day > lengths[d->month - 1] ||
        (d->month == 2 && d->day == 29 && !is_leap(d->year)) || d->hour > 23 ||
        d->minute > 59 || d->second > 60)
        return false;
    *t = days_since_1970(d->year, d->month, d->day) * DAY + d->hour * 3600 +
         d->minute * 60 + d->second;
    return true;
}

static bool read_month(const char *at, long *month)
{
    for (size_t i = 0; i < ARRAY_LEN(months); i++)
        if (!memcmp(at, months[i], 3)) {
            *month = (long)i + 1;
            return true;
        }
    return false;
}

/*
 * Read s as the pattern says: YDhms stand for a digit of the year, day, hour,
 * minute and second, b for a letter of the month, _ for a digit of the day or
 * a blank, * for a letter, and anything else for itself.
 */
static bool read_form(struct span s, const char *pattern, struct date *d)
{
    static const char keys[] = "YDhms";
    long *const values[] = {&d->year, &d->day, &d->hour, &d->minute,
                            &d->second};

    *d = (struct date){0};
    if (s.n != strlen(pattern))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        const char p = pattern[i], c = s.at[i];
        const char *key = strchr(keys, p == '_' ? 'D' : p);

        if (key && (char_is_digit(c) || (p == '_' && c == ' '))) {
            long *value = values[key - keys];

            *value = *value * 10 + (c == ' ' ? 0 : c - '0');
        } else if (p == 'b') {
            if (d->month == 0 && !read_month(s.at + i, &d->month))
                return false;
        } else if (p == '*' ? char_is_alnum(c) : p == c) {
            continue;
        } else {
            return false;
        }
    }
    return true;
}

bool http_date_read(struct span s, time_t now, time_t *t)
{
    struct tm tm;
    struct date d;
    struct span day = s;
    long year;

    if (read_form(s, "***, DD bbb YYYY hh:mm:ss GMT", &d) ||
        read_form(s, "*** bbb _D hh:mm:ss YYYY", &d))
        return to_time(&d, t);
    span_cut(&day, ','); /* "Sunday": the name's length varies */
    if (!read_form(day, " DD-bbb-YY hh:mm:ss GMT", &d))
        return false;
    gmtime_r(&now, &tm);
    year = tm.tm_year + 1900L;
    d.year += year / 100 * 100;
    if (d.year > year + 50) /* so far ahead, it is a past one */
        d.year -= 100;
    return to_time(&d, t);
}
