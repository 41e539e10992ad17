/* boot: reaches main, says so, ends. */

#include <unistd.h>

int main(void)
{
    static const char text[] = "main\n";

    return write(1, text, sizeof(text) - 1) == sizeof(text) - 1 ? 0 : 1;
}
