#include <kigumi.h>

int main(int argc, char** argv) {
    kigumi_store* store;
    if (argc != 2 || kigumi_store_open(argv[1], NULL, &store) != KIGUMI_OK) return 1;
    return kigumi_store_close(store) == KIGUMI_OK ? 0 : 1;
}
