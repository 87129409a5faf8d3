#include "native.h"

/* The classes stand in kigumi/errors.py, so that people can read them. */
static PyObject* class_of(kigumi_status status) {
    PyObject* module = PyImport_ImportModule("kigumi.errors");
    PyObject* classes;
    PyObject* number;
    PyObject* found = NULL;
    if (module == NULL) return NULL;
    classes = PyObject_GetAttrString(module, "BY_STATUS");
    Py_DECREF(module);
    if (classes == NULL) return NULL;
    number = PyLong_FromLong((long)status);
    if (number != NULL) found = PyObject_GetItem(classes, number);
    Py_XDECREF(number);
    Py_DECREF(classes);
    return found;
}

static PyObject* raise_message(kigumi_status status, const char* message) {
    PyObject* const class = class_of(status);
    PyObject* text;
    if (class == NULL) return NULL;
    text = PyUnicode_DecodeUTF8(message, (Py_ssize_t)strlen(message), "replace");
    if (text != NULL) PyErr_SetObject(class, text);
    Py_XDECREF(text);
    Py_DECREF(class);
    return NULL;
}

PyObject* raise_status(kigumi_status status) {
    return raise_message(status, kigumi_last_error_message());
}

PyObject* raise_invalid(const char* message) {
    return raise_message(KIGUMI_INVALID_ARGUMENT, message);
}
