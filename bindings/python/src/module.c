#include "native.h"

static PyMethodDef functions[] = {{"inspect", module_inspect, METH_VARARGS, NULL},
                                  {"generate_key", module_generate_key, METH_VARARGS, NULL},
                                  {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                        "kigumi._native",
                                        "The handles of kigumi.h.",
                                        -1,
                                        functions,
                                        NULL,
                                        NULL,
                                        NULL,
                                        NULL};

PyMODINIT_FUNC PyInit__native(void) {
    PyTypeObject* const types[] = {&StoreType, &TransactionType, &CursorType,
                                   &WatchType, &NodeType,        &TokenType};
    const char* const names[] = {"Store", "Transaction", "Cursor", "Watch", "Node", "Token"};
    PyObject* const module = PyModule_Create(&definition);
    size_t i;
    if (module == NULL) return NULL;
    for (i = 0; i < sizeof types / sizeof *types; ++i) {
        if (PyType_Ready(types[i]) < 0 ||
            PyModule_AddObjectRef(module, names[i], (PyObject*)types[i]) < 0) {
            Py_DECREF(module);
            return NULL;
        }
    }
    if (PyModule_AddStringConstant(module, "VERSION", kigumi_version()) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
