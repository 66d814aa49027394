"""GLSL of the renderer: glTF metallic-roughness shading with GGX, ambient SH light, one light with a shadow map."""

VERTEX = """
#version 330
uniform mat4 clip_model;
uniform mat4 camera_model;
uniform mat3 normal_model;
in vec3 in_position;
in vec3 in_normal;
in vec2 in_uv;
in vec4 in_color;
out vec3 position;
out vec3 normal;
out vec2 uv;
out vec4 color;
void main() {
    vec4 p = camera_model * vec4(in_position, 1.0);
    position = p.xyz;
    normal = normal_model * in_normal;
    uv = in_uv;
    color = in_color;
    gl_Position = clip_model * vec4(in_position, 1.0);
}
"""

FRAGMENT = """
#version 330
%(defines)s
uniform vec4 base_color;
uniform float metallic;
uniform float roughness;
uniform float label;
uniform float far_label;
uniform float far_depth;
uniform vec3 sh[9];
uniform vec3 light_direction;
uniform vec3 light_color;
uniform sampler2D base_texture;
#ifdef METALLIC_ROUGHNESS_TEXTURE
uniform sampler2D metallic_roughness_texture;
#endif
#ifdef NORMAL_TEXTURE
uniform sampler2D normal_texture;
#endif
#ifdef ALPHA_CUTOFF
uniform float alpha_cutoff;
#endif
#ifdef SHADOW
uniform sampler2DShadow shadow_map;
uniform mat4 shadow_camera;
uniform float shadow_texel;
#endif
in vec3 position;
in vec3 normal;
in vec2 uv;
in vec4 color;
layout(location = 0) out vec4 out_color;
layout(location = 1) out float out_label;

vec3 ambient(vec3 n) {
    return max(vec3(0.0), 0.282095 * sh[0]
        + 0.488603 * (sh[1] * n.y + sh[2] * n.z + sh[3] * n.x)
        + 1.092548 * (sh[4] * n.x * n.y + sh[5] * n.y * n.z + sh[7] * n.x * n.z)
        + 0.315392 * sh[6] * (3.0 * n.z * n.z - 1.0) + 0.546274 * sh[8] * (n.x * n.x - n.y * n.y));
}

#ifdef SHADOW
float lit(vec3 n) {
    vec3 p = (shadow_camera * vec4(position + n * 0.0015, 1.0)).xyz;
    float sum = 0.0;
    for (int i = 0; i < 4; ++i) {
        vec2 offset = vec2(float(i & 1) - 0.5, float(i >> 1) - 0.5) * 2.0 * shadow_texel;
        sum += texture(shadow_map, vec3(p.xy + offset, min(p.z, 1.0)));
    }
    return 0.25 * sum;
}
#endif

#ifdef NORMAL_TEXTURE
vec3 bumped(vec3 n) {
    // Tangent frame from screen-space derivatives (Mikkelsen's surface gradient), so meshes need no tangents.
    vec3 dx = dFdx(position), dy = dFdy(position);
    vec2 tx = dFdx(uv), ty = dFdy(uv);
    vec3 a = cross(dy, n), b = cross(n, dx);
    vec3 t = a * tx.x + b * ty.x, s = a * tx.y + b * ty.y;
    float scale = inversesqrt(max(max(dot(t, t), dot(s, s)), 1e-20));
    vec3 m = texture(normal_texture, uv).xyz * 2.0 - 1.0;
    return normalize(t * scale * m.x - s * scale * m.y + n * m.z);
}
#endif

void main() {
    // A little sharper than the mipmap asked for, which follows the more foreshortened axis.
    vec4 base = base_color * color * texture(base_texture, uv, -0.7);
#ifdef ALPHA_CUTOFF
    if (base.a < alpha_cutoff) discard;
#endif
    vec3 v = normalize(-position);
    vec3 n = normalize(normal);
    // A back face (double-sided, or only seen so because normals are interpolated) is lit from its own side.
    if (dot(n, v) < 0.0) n = n - 2.0 * dot(n, v) * v;
#ifdef NORMAL_TEXTURE
    n = bumped(n);
#endif
    float m = metallic, r = roughness;
#ifdef METALLIC_ROUGHNESS_TEXTURE
    vec3 mr = texture(metallic_roughness_texture, uv).rgb;
    m *= mr.b;
    r *= mr.g;
#endif
    r = clamp(r, 0.08, 1.0);
    vec3 f0 = mix(vec3(0.04), base.rgb, m);
    vec3 diffuse = base.rgb * (1.0 - m);
    float nv = max(dot(n, v), 1e-3);

    // Ambient specular: the split-sum approximation, its table fitted by Karis (2014).
    vec4 k = r * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
    float a004 = min(k.x * k.x, exp2(-9.28 * nv)) * k.x + k.y;
    vec2 ab = vec2(-1.04, 1.04) * a004 + k.zw;
    vec3 radiance = diffuse * ambient(n) + (f0 * ab.x + ab.y) * ambient(reflect(-v, n));

    vec3 h = normalize(light_direction + v);
    float nl = max(dot(n, light_direction), 0.0);
    float nh = max(dot(n, h), 0.0);
    float a2 = r * r * r * r;
    float d = nh * nh * (a2 - 1.0) + 1.0;
    float g = 0.5 / (nl * sqrt(nv * nv * (1.0 - a2) + a2) + nv * sqrt(nl * nl * (1.0 - a2) + a2) + 1e-5);
    vec3 f = f0 + (1.0 - f0) * pow(1.0 - max(dot(v, h), 0.0), 5.0);
    vec3 direct = light_color * nl * (diffuse * (1.0 - f) + f * min(a2 / (d * d) * g, 16.0));
#ifdef SHADOW
    direct *= lit(n);
#endif
    vec3 linear = clamp(radiance + direct, 0.0, 1.0);
    vec3 curve = 1.055 * pow(max(linear, vec3(1e-5)), vec3(1.0 / 2.4)) - 0.055;
    vec3 srgb = mix(linear * 12.92, curve, step(0.0031308, linear));
    out_color = vec4(srgb, 1.0);
    out_label = position.z > far_depth ? far_label : label;
}
"""

SHADOW_VERTEX = """
#version 330
uniform mat4 clip_model;
in vec3 in_position;
void main() { gl_Position = clip_model * vec4(in_position, 1.0); }
"""

SHADOW_FRAGMENT = """
#version 330
void main() {}
"""
