/* console: asks for a name, greets, until the name is "end". */

#include <stdio.h>
#include <string.h>

int main(void)
{
    char line[80];

    printf("your name?\n");
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (!strcmp(line, "end"))
            break;
        printf("hello %s.\n", line);
    }
    printf("bye\n");
    return 3;
}
